"""Songs to sources by a bag of models."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hdemucs.config.separation import SeparationConfig
from hdemucs.models.ensemble import Bag
from hdemucs.separation.overlap import Block, Reader
from hdemucs.separation.separate import stream
from hdemucs.separation.shifts import in_step


def stream_bag(
    bag: Bag,
    read: Reader,
    length: int,
    rate: int,
    config: SeparationConfig,
    generator: torch.Generator,
) -> Iterator[Block]:
    """What `stream` is to a model: each of the bag's separates the song with shifts of its own.

    Source: the official `apply_model` on a `BagOfModels`; a segment a model is in memory.
    """
    streams = [stream(model, read, length, rate, config, generator) for model in bag.models]
    for estimates in in_step(streams):
        yield bag.combine(estimates)
