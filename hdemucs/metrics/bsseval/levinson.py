"""Symmetric positive definite block Toeplitz matrices: T[i, j] = R[i - j], R[-k] = R[k]^T.

Arrays have a leading batch of systems. Blocks are K x K, and there are L of them in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Lags = Float[np.ndarray, "batch lag row column"]  # blocks R[0], R[1], ..., R[L - 1]
Predictor = Float[np.ndarray, "batch lag row column"]
Block = Float[np.ndarray, "batch row column"]
Vectors = Float[np.ndarray, "batch lag row vector"]


@dataclass(frozen=True)
class Predictors:
    """T forward = [forward_error, 0, ...], T backward = [..., 0, backward_error]."""

    forward: Predictor  # its first block is the identity
    forward_error: Block
    backward: Predictor  # its last block is the identity
    backward_error: Block


def levinson(lags: Lags) -> Predictors:
    """Both predictors, by the multichannel Levinson recursion: L steps of O(L K^3).

    Whittle, "On the fitting of multivariate autoregressions", Biometrika 50 (1963).

    Raises:
        numpy.linalg.LinAlgError: T is singular.
    """
    batch, count, size, _ = lags.shape
    forward = np.zeros((batch, count * size, size))
    backward = np.zeros((batch, count * size, size))
    forward[:, :size] = backward[:, :size] = np.eye(size)
    forward_error, backward_error = lags[:, 0].copy(), lags[:, 0].copy()
    reversed_row = np.concatenate(list(lags[:, :0:-1].swapaxes(0, 1)), -1)  # R[L-1] ... R[1]
    for step in range(1, count):
        known = step * size
        miss = reversed_row[..., reversed_row.shape[-1] - known :] @ forward[:, :known]
        missed = miss.swapaxes(1, 2)
        by_backward = np.linalg.solve(backward_error, miss)
        by_forward = np.linalg.solve(forward_error, missed)
        shifted = backward[:, :known].copy()
        backward[:, size : known + size] = shifted
        backward[:, :size] = 0
        backward[:, :known] -= forward[:, :known] @ by_forward
        forward[:, size : known + size] -= shifted @ by_backward
        forward_error = forward_error - missed @ by_backward
        backward_error = backward_error - miss @ by_forward
    shape = (batch, count, size, size)
    return Predictors(
        forward.reshape(shape), forward_error, backward.reshape(shape), backward_error
    )


@dataclass(frozen=True)
class Convolution:
    """Multiplication by a lower triangular block Toeplitz matrix, and by its transpose."""

    spectrum: np.ndarray  # of its first block column
    count: int

    @classmethod
    def of(cls, column: Predictor) -> Convolution:
        count = column.shape[1]
        return cls(np.fft.rfft(column, 2 * count, axis=1), count)

    def __call__(self, vectors: Vectors) -> Vectors:
        product = self.spectrum @ np.fft.rfft(vectors, 2 * self.count, axis=1)
        return np.fft.irfft(product, axis=1)[:, : self.count]

    def transposed(self, vectors: Vectors) -> Vectors:
        adjoint = self.spectrum.conj().swapaxes(2, 3)
        product = adjoint @ np.fft.rfft(vectors, 2 * self.count, axis=1)
        return np.fft.irfft(product, axis=1)[:, : self.count]


class Inverse:
    """T^-1, applied by FFTs: the formula of Gohberg and Semencul (1972) for blocks."""

    def __init__(self, predictors: Predictors) -> None:
        shifted = np.zeros_like(predictors.backward)
        shifted[:, 1:] = predictors.backward[:, :-1]
        self.forward = Convolution.of(predictors.forward)
        self.backward = Convolution.of(shifted)
        self.forward_weight = np.linalg.inv(predictors.forward_error)[:, None]
        self.backward_weight = np.linalg.inv(predictors.backward_error)[:, None]

    def __call__(self, vectors: Vectors) -> Vectors:
        plus = self.forward(self.forward_weight @ self.forward.transposed(vectors))
        minus = self.backward(self.backward_weight @ self.backward.transposed(vectors))
        return plus - minus


class Toeplitz:
    """T itself, applied by FFTs: T is part of a circulant matrix of twice its size."""

    def __init__(self, lags: Lags) -> None:
        self.count = lags.shape[1]
        circular = np.zeros((len(lags), 2 * self.count, *lags.shape[2:]))
        circular[:, : self.count] = lags
        circular[:, self.count + 1 :] = lags[:, :0:-1].swapaxes(2, 3)
        self.spectrum = np.fft.rfft(circular, axis=1)

    def __call__(self, vectors: Vectors) -> Vectors:
        product = self.spectrum @ np.fft.rfft(vectors, 2 * self.count, axis=1)
        return np.fft.irfft(product, axis=1)[:, : self.count]
