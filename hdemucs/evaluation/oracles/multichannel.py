"""The oracle multichannel Wiener filter of the local Gaussian model (SiSEC 2018's MWF).

Duong, Vincent and Gribonval, "Under-determined reverberant audio source separation using a
full-rank spatial covariance model", IEEE TASLP 18(7), 2010: stem j's spectrum at (f, t) is Gaussian
with covariance v_j(f, t) R_j(f). Its estimate is v_j R_j (sum v_k R_k)^-1 x, with v and R taken
from the true stems by the paper's alternating maximum likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Complex, Float

from hdemucs.evaluation.oracles.spectra import Sound, Spectrum, sound, spectrum

ROUNDS = 2  # iterations of the alternation; more change the score by less than 0.01 dB
RIDGE = 1e-6  # share of the mean covariance, added so that silent and mono bins can be inverted

Density = Float[np.ndarray, "frequency time"]
Spatial = Complex[np.ndarray, "frequency channel channel"]


def filtered(mixture: Sound, stems: Mapping[str, Sound], window: int) -> dict[str, Sound]:
    """The mixture, filtered for each stem."""
    mixed = np.moveaxis(spectrum(mixture, window), 0, -1)[..., None]  # [F, T, C, 1]
    models = {name: gaussian(spectrum(stem, window)) for name, stem in stems.items()}
    total = np.sum([covariance(*model) for model in models.values()], axis=0)
    size = total.shape[-1]
    level = np.trace(total, axis1=-2, axis2=-1).real.mean() / size
    whitened = np.linalg.solve(total + RIDGE * max(level, RIDGE) * np.eye(size), mixed)
    samples = mixture.shape[-1]
    return {
        name: sound(np.moveaxis((covariance(*model) @ whitened)[..., 0], -1, 0), window, samples)
        for name, model in models.items()
    }


def covariance(density: Density, spatial: Spatial) -> np.ndarray:
    """The covariance v R of every bin: [frequency, time, channel, channel]."""
    return density[..., None, None] * spatial[:, None]


def gaussian(stem: Spectrum) -> tuple[Density, Spatial]:
    """Power density and spatial covariance of a true stem."""
    channels = len(stem)
    x = np.moveaxis(stem, 0, -1).astype(np.complex128)  # [F, T, C]
    spatial = np.broadcast_to(np.eye(channels), (x.shape[0], channels, channels)).astype(x.dtype)
    for _ in range(ROUNDS):
        inverse = np.linalg.inv(spatial + RIDGE * np.eye(channels))
        density = np.einsum("ftc,fcd,ftd->ft", x.conj(), inverse, x).real / channels
        weight = 1 / np.maximum(density, density.mean() * RIDGE + np.finfo(float).tiny)
        spatial = np.einsum("ft,ftc,ftd->fcd", weight, x, x.conj()) / x.shape[1]
    return density, spatial
