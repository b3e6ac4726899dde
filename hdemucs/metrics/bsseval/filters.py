"""The distortion filters: least-squares projections on delayed references.

museval solves (G + 2.2e-16 I) C = D by LU, G being the references' Gram matrix. G is block
Toeplitz, so conjugate gradients, preconditioned by the exact inverse of G with a slight ridge,
reach the same projection in a few steps. Where they do not, G is singular to working precision
(a stereo reference made from a mono one; references without content in some band, kept as floats):
museval's own way is taken then, and its ISR, SIR and SAR mean little.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from hdemucs.metrics.bsseval.levinson import Inverse, Lags, Toeplitz, Vectors, levinson

RIDGE = 1e-10  # of the mean diagonal; in the preconditioner alone
STEPS = 40
TOLERANCE = 1e-13  # of the residual, relative
ENOUGH = 1e-9  # residual with which the scores are museval's

ILL_POSED = (
    "the references are linearly dependent to working precision, so SIR and SAR mean nothing; "
    "references kept as 16-bit integers, as MUSDB18-HQ's, are not"
)

PerVector = Float[np.ndarray, "batch 1 1 vector"]


class IllPosedWarning(UserWarning):
    """The references hardly determine the filters."""


def project(lags: Lags, right: Vectors) -> tuple[Vectors, bool]:
    """The filters X of T X = D, for a batch of Gram matrices T and right-hand sides D.

    `lags[:, k]` is the block T[i, i - k]; `right[:, l]` correlates references delayed by l with
    what is projected. True: a T is singular to working precision, so its X is any of many.
    """
    filters, residual = conjugate_gradients(lags, right)
    singular = np.flatnonzero(~(residual < ENOUGH))
    for index in singular:
        filters[index] = dense(lags[index], right[index])
    return filters, bool(len(singular))


def conjugate_gradients(lags: Lags, right: Vectors) -> tuple[Vectors, Float[np.ndarray, " batch"]]:
    """Solutions, and the largest relative residual of each system (NaN: it broke down)."""
    matrix, scale = Toeplitz(lags), norm(right)
    scale = np.where(scale > 0, scale, 1)
    x = np.zeros_like(right)
    try:
        precondition = Inverse(levinson(ridged(lags)))
    except np.linalg.LinAlgError:
        return x, np.full(len(lags), np.nan)
    residual = right.copy()
    direction = np.zeros_like(right)
    before = np.ones_like(scale)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            if np.all(norm(residual) <= TOLERANCE * scale):
                break
            better = precondition(residual)
            now = inner(residual, better)
            direction = better + np.nan_to_num(now / before) * direction
            image = matrix(direction)
            step = np.nan_to_num(now / inner(direction, image))
            x += step * direction
            residual -= step * image
            before = now
        left = norm(right - matrix(x)) / scale
    return x, left.max((1, 2, 3))


def ridged(lags: Lags) -> Lags:
    """T with a little more on its diagonal."""
    size = lags.shape[-1]
    raised = lags.copy()
    level = np.trace(lags[:, 0], axis1=1, axis2=2) / size
    raised[:, 0] += RIDGE * level[:, None, None] * np.eye(size)
    return raised


def inner(a: Vectors, b: Vectors) -> PerVector:
    """Inner products of corresponding vectors, kept as [batch, 1, 1, vector]."""
    return np.einsum("blrv,blrv->bv", a, b)[:, None, None]


def norm(a: Vectors) -> PerVector:
    return np.sqrt(inner(a, a))


def dense(
    lags: Float[np.ndarray, "lag row column"], right: Float[np.ndarray, "lag row vector"]
) -> Float[np.ndarray, "lag row vector"]:
    """One system solved in museval's own way."""
    count, size, _ = lags.shape
    both = np.concatenate([lags[:0:-1].swapaxes(1, 2), lags])  # R[-(L-1)] ... R[L-1]
    places = np.arange(count)[:, None] - np.arange(count) + count - 1
    matrix = both[places].transpose(0, 2, 1, 3).reshape(count * size, count * size)
    flat = right.reshape(count * size, -1)
    matrix[np.diag_indices_from(matrix)] += np.finfo(float).eps
    try:
        return np.linalg.solve(matrix, flat).reshape(right.shape)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(matrix, flat, rcond=None)[0].reshape(right.shape)
