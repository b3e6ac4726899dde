"""Energies of the parts of estimates, from the correlations of each block alone.

If y is the sum over references a of r_a filtered by c_a, then

    |y|^2 = sum over a, b and k >= 0 of R[a, b, k] V[a, b, k],
    <y, e> = sum over a and k >= 0 of R[a, e, k] c_a[k],

where R is the block's correlation and V[a, b, k] = (2 - [k = 0]) sum over m of c_a[m + k] c_b[m].
So the energies of all blocks are one product of two matrices, and no spectrum is needed again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from hdemucs.metrics.bsseval.correlation import Correlations
from hdemucs.metrics.bsseval.energies import PARTS, Both, Energies

ROUNDING = 1e-15  # of a correlation, relative to the levels of its two signals
ENOUGH = 1e-7  # relative error of an energy: 4e-7 dB

Levels = Float[np.ndarray, "block source side"]
Taps = Float[Tensor, "tap reference estimate"]
Weights = Float[Tensor, "each reference channel lag"]
Values = Float[np.ndarray, "block part source"]


class Estimated(NamedTuple):
    """Energies of all blocks, and the blocks in which rounding may have changed one of them."""

    energies: Energies
    doubtful: Bool[np.ndarray, " block"]


def from_lags(found: Correlations, estimates: Levels, both: Both) -> Estimated:
    """The energies of each part, by source and block.

    Args:
        found: the correlations within each block.
        estimates: energies of the estimates' channels in each block.
        both: the taps of all filters.
    """
    half, levels = both.taps.shape[1], estimates.reshape(len(estimates), -1)
    weights = every_weight(torch.from_numpy(both.taps))
    flat = (found.flatten(1) @ weights.flatten(1).T).numpy()
    flat[:, -half:] += levels  # artifacts = e - all
    references = found[..., 0].diagonal(dim1=1, dim2=2).numpy()
    norms = np.sqrt(np.concatenate([references, levels], -1))
    rounding = np.einsum("ba,oac,bc->bo", norms[:, :half], weights.norm(dim=-1).numpy(), norms)
    rounding[:, -half:] += levels
    values, errors = (summed(each, both.sources) for each in (flat, ROUNDING * rounding))
    energies = dict(zip(PARTS, np.moveaxis(values, 0, -1), strict=True))
    return Estimated(energies, np.asarray((values * ENOUGH < errors).any((1, 2))))


def summed(values: Float[np.ndarray, "block output"], sources: int) -> Values:
    """The sum over the channels of a source."""
    return values.reshape(len(values), len(PARTS), sources, -1).sum(-1)


def every_weight(taps: Taps) -> Weights:
    """The weights of correlations for each part, in the order of PARTS, and each estimate."""
    half = taps.shape[1]
    everything, own = taps[..., :half], taps[..., half:]
    spatial = own.clone()
    spatial[0] -= torch.eye(half, dtype=taps.dtype)
    parts = [products(each) for each in (spatial, own, everything - own, everything)]
    weights = taps.new_zeros((len(PARTS), half, half, 2 * half, len(taps)))
    for place, part in enumerate([*parts, parts[-1]]):
        weights[place, :, :, :half] = part
    for estimate in range(half):
        weights[-1, estimate, :, half + estimate] = -2 * everything[..., estimate].T
    return weights.flatten(0, 1)


def products(taps: Taps) -> Float[Tensor, "estimate reference reference lag"]:
    """V of the module's formula, for each estimate."""
    count = len(taps)
    spectra = torch.fft.rfft(taps.permute(2, 1, 0), n=2 * count)
    found = torch.fft.irfft(spectra[:, :, None] * spectra[:, None].conj(), n=2 * count)
    found = found[..., :count]
    found[..., 1:] *= 2
    return found
