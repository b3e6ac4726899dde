"""Masks made from the true stems: SiSEC 2018's IBM1, IRM1 and IRM2 (Liutkus, Stöter and Ito)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hdemucs.evaluation.oracles.spectra import Sound, Spectrum, power, sound, spectrum

TINY = np.finfo(np.float32).tiny
MAJORITY = 0.5  # share of the mixture's magnitude


def binary(mixture: Sound, stems: Mapping[str, Sound], window: int) -> dict[str, Sound]:
    """Ideal binary mask: a bin belongs to stems with at least half of the mixture's magnitude."""
    mixed = spectrum(mixture, window)
    bar = MAJORITY * np.abs(mixed)

    def masked(stem: Sound) -> Spectrum:
        return np.where(np.abs(spectrum(stem, window)) >= bar, mixed, 0)

    samples = mixture.shape[-1]
    return {name: sound(masked(stem), window, samples) for name, stem in stems.items()}


def ratio(
    mixture: Sound, stems: Mapping[str, Sound], window: int, exponent: float
) -> dict[str, Sound]:
    """Ideal ratio mask |stem|^a / sum |stem|^a: a = 1 is SiSEC's IRM1, a = 2 its IRM2."""
    mixed = spectrum(mixture, window)
    shares = {n: power(spectrum(stem, window)) ** (exponent / 2) for n, stem in stems.items()}
    total = np.maximum(np.sum(list(shares.values()), axis=0), TINY)
    samples = mixture.shape[-1]
    return {n: sound(mixed * (share / total), window, samples) for n, share in shares.items()}
