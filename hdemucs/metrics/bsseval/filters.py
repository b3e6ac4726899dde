"""The distortion filters: least-squares projections on delayed references.

museval solves (G + 2.2e-16 I) C = D by LU, where G is the references' Gram matrix. G is block
Toeplitz, so conjugate gradients, preconditioned by the exact inverse of G with a small ridge,
reach the same projection in a few steps. If they do not, G is singular to working precision, as
with a stereo reference made from a mono one, or with floating-point references that have nothing
in some band. Then museval's own method is used; its ISR, SIR and SAR mean little there.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from hdemucs.metrics.bsseval.levinson import Inverse, Lags, Toeplitz, Vectors, levinson

RIDGE = 1e-10  # share of the mean diagonal, added in the preconditioner only
STEPS = 40
TOLERANCE = 1e-13  # relative residual to reach
ENOUGH = 1e-9  # relative residual with which the scores equal museval's

ILL_POSED = (
    "the references are linearly dependent to working precision, so SIR and SAR mean nothing; "
    "references kept as 16-bit integers, as MUSDB18-HQ's, are not"
)

PerVector = Float[np.ndarray, "batch 1 1 vector"]


class IllPosedWarning(UserWarning):
    """The references hardly determine the filters."""


def project(lags: Lags, right: Vectors) -> tuple[Vectors, bool]:
    """The solutions X of T X = D, for a batch of Gram matrices T and right-hand sides D.

    `lags[:, k]` is the block T[i, i - k]; `right[:, l]` is the correlation of references delayed by
    l with what is projected. The flag says whether any T is singular to working precision, in which
    case its X is one of many.
    """
    filters, residual = conjugate_gradients(lags, right)
    singular = np.flatnonzero(~(residual < ENOUGH))
    for index in singular:
        filters[index] = dense(lags[index], right[index])
    return filters, bool(len(singular))


def conjugate_gradients(lags: Lags, right: Vectors) -> tuple[Vectors, Float[np.ndarray, " batch"]]:
    """Solutions, and the largest relative residual of each system; NaN if the method broke down."""
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
    """T with a small addition to its diagonal."""
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
    """Solve one system by museval's own method."""
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
