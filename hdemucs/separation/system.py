"""Separate songs by a whole system: each model under its own conditions, then the post-filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.config.parts import built
from hdemucs.config.separation import SeparationConfig, in_chunks
from hdemucs.errors import UserError
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import Conditions
from hdemucs.separation.overlap import Block, Chunk, Readable, Wanted
from hdemucs.separation.separate import in_memory, statistics, stream
from hdemucs.separation.shifts import in_step
from hdemucs.separation.side_by_side import side_by_side

Song = Float[Tensor, "channel sample"]
Level = tuple[float, float]  # mean and standard deviation of a song's mono mixture
Generators = Callable[[int], torch.Generator]  # for the shifts of a model, by its place

AS_IT_IS: Level = (0.0, 1.0)


def filtered(ensemble: Ensemble, post: Any) -> Ensemble:
    """The ensemble with a post-filter over the estimates of all its models; None: no filter.

    Raises:
        UserError: the models see songs at different scales, or the filter cannot be used.
    """
    if post is None:
        return ensemble
    if len(set(ensemble.conditions)) != 1:
        problem = "filters estimates of models that were made for different conditions"
        raise UserError("separation.post", problem, "use null, or models of one recipe")
    model = built("post", post, list(ensemble.models))
    return Ensemble([model], conditions=ensemble.conditions[:1])


@dataclass(frozen=True)
class Heard:
    """A song, and what a system must know of it as a whole."""

    song: Readable  # at its own scale
    rate: int  # Hz
    level: Level

    @classmethod
    def of(cls, mix: Song, rate: int, wanted: Wanted | None = None) -> Heard:
        """A song in memory."""
        return cls(in_memory(mix, wanted), rate, statistics(mix))


def stream_system(
    ensemble: Ensemble,
    heard: Heard,
    config: SeparationConfig,
    generators: Generators,
    at_once: int = 1,
) -> Iterator[Block]:
    """The sources of a song, block after block [source, channel, sample], at the song's own scale.

    Each model separates the song with its own shifts; up to `at_once` models run in parallel. As
    the official `apply_model` does for a `BagOfModels`, but with one segment per model in memory.
    """

    def own(place: int, conditions: Conditions) -> Iterator[Block]:
        mean, std = heard.level if conditions.normalise == "mixture" else AS_IT_IS

        def scaled(start: int, frames: int) -> Chunk:
            return (heard.song.read(start, frames) - mean) / std

        asked = in_chunks(config, conditions.chunk)
        model, generator = ensemble.models[place], generators(place)
        song = replace(heard.song, read=scaled)
        for block in stream(model, song, heard.rate, asked, generator):
            yield block * std + mean

    streams = [own(place, each) for place, each in enumerate(ensemble.conditions)]
    with side_by_side(streams, at_once) as running:
        for estimates in in_step(running):
            yield ensemble.combine(estimates)


@torch.no_grad()
def separate_by(
    ensemble: Ensemble,
    mix: Song,
    rate: int,
    config: SeparationConfig,
    generators: Generators,
    at_once: int = 1,
) -> Float[Tensor, "source channel sample"]:
    """The sources of a song in memory, at its own scale."""
    blocks = stream_system(ensemble, Heard.of(mix, rate), config, generators, at_once)
    return torch.cat(list(blocks), dim=-1)
