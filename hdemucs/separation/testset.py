"""A published system's estimates of the test set's songs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import torch

from hdemucs.config.estimation import EstimationConfig
from hdemucs.model.bag import Bag
from hdemucs.separation.separate import Song, Sources, separate_song


def generator_of(seed: int, track: str, member: int) -> torch.Generator:
    """The shifts of one track and model: other tracks, and their order, change nothing."""
    digest = hashlib.sha256(f"{seed}|{track}|{member}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def estimate(bag: Bag, track: str, mixture: Song, rate: int, config: EstimationConfig) -> Sources:
    """The sources of one whole track, as its file has them; each model has its own shifts."""
    torch.set_num_threads(config.threads)

    def each() -> Iterator[Sources]:
        for place, model in enumerate(bag.models):
            generator = generator_of(config.seed, track, place)
            yield separate_song(model, mixture, rate, config.separation, generator)

    with torch.no_grad():
        return bag.combine(each())
