"""A trained variant's estimates of the test set's songs."""

from __future__ import annotations

import hashlib

import torch

from hdemucs.config.estimation import EstimationConfig
from hdemucs.separation.overlap import Model
from hdemucs.separation.separate import Song, Sources, separate_song


def generator_of(seed: int, track: str) -> torch.Generator:
    """The shifts of one track: other tracks, and their order, change nothing."""
    digest = hashlib.sha256(f"{seed}|{track}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def estimate(
    model: Model, track: str, mixture: Song, rate: int, config: EstimationConfig
) -> Sources:
    """The sources of one whole track, as its file has them."""
    torch.set_num_threads(config.threads)
    generator = generator_of(config.seed, track)
    return separate_song(model, mixture, rate, config.separation, generator)
