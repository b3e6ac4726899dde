"""The static Wiener filter: one mask per source, from its mean spectrum over the training stems.

The masks are the same for all songs. A trained model that does not beat them has learnt no more
than which frequencies each source has most often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from hdemucs.evaluation.oracles.spectra import Sound, power, sound, spectrum

Mask = Float[np.ndarray, " frequency"]


def powers(stems: Mapping[str, Sound], window: int) -> dict[str, Mask]:
    """One song's power by source and frequency, summed over time and channels."""
    return {
        name: power(spectrum(stem, window)).sum((0, 2), dtype=np.float64)
        for name, stem in stems.items()
    }


def fit(songs: Sequence[Mapping[str, Mask]]) -> dict[str, Mask]:
    """Masks P_j / sum P, from the `powers` of training songs; each song counts in proportion to its
    length.
    """
    totals = {name: np.sum([song[name] for song in songs], axis=0) for name in songs[0]}
    everything = np.sum(list(totals.values()), axis=0)
    even = 1 / len(totals)  # for frequencies at which no training stem has power
    known = everything > 0
    safe = np.where(known, everything, 1)
    return {name: np.where(known, seen / safe, even) for name, seen in totals.items()}


def apply(mixture: Sound, masks: Mapping[str, Mask], window: int) -> dict[str, Sound]:
    """The mixture after each source's mask."""
    mixed, samples = spectrum(mixture, window), mixture.shape[-1]
    return {
        name: sound(mixed * mask[:, None].astype(np.float32), window, samples)
        for name, mask in masks.items()
    }
