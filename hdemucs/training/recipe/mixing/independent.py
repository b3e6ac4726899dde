"""Mix sources that each come from a random song and place, as Open-Unmix does.

Source: sigsep/open-unmix-pytorch 1.3.0, openunmix/data.py (MUSDBDataset with `random_track_mix`),
where each source is scaled and has its channels swapped independently. With `sums` above 1, that
many segments of a source are added up, the "mix-audio" augmentation of Kong et al. (2021).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.data.segments import Scale, Song, songs_of
from hdemucs.training.recipe.mixing.base import Examples, Mixing, Songs
from hdemucs.training.recipe.task import Task
from hdemucs.training.seeds import seed_for

Batch = Float[Tensor, "batch source channel sample"]
Stem = Float32[np.ndarray, "channel sample"]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class IndependentConfig:
    """How sources are drawn and changed; None and 0 switch a change off."""

    kind: Literal["independent"]
    per_track: Count  # examples an epoch, for each training song
    gain: tuple[Positive, Positive] | None  # least and largest factor of a source
    swap_channels: Annotated[float, Field(ge=0, le=1)]  # probability, for each source
    sums: Count  # segments of a source that are added up to one


class Drawn(Examples):
    """Examples that depend on their place in an epoch only; their index does not matter."""

    def __init__(
        self, config: IndependentConfig, task: Task, segment: int, songs: list[Song], scale: Scale
    ) -> None:
        self.config, self.task, self.segment = config, task, segment
        self.songs, self.scale = songs, scale

    def __len__(self) -> int:
        return self.config.per_track * len(self.songs)

    def __getitem__(self, chosen: list[tuple[int, int]]) -> Batch:
        channels = self.songs[0].stems[0].channels
        shape = (len(chosen), len(self.task.sources), channels, self.segment)
        out = np.zeros(shape, np.float32)
        for example, (place, _) in zip(out, chosen, strict=True):
            seed = seed_for(self.task.seed, "independent", self.epoch, place)
            generator = np.random.default_rng(seed)
            for source, stem in enumerate(example):
                for _ in range(self.config.sums):
                    stem += self.read(source, generator)
        return torch.from_numpy(out)

    def read(self, source: int, generator: np.random.Generator) -> Stem:
        """A random segment of a random song, [channel, sample]; zeros follow a shorter song."""
        song = self.songs[generator.integers(len(self.songs))]
        start = int(generator.integers(max(0, song.track.frames - self.segment) + 1))
        factor = 1.0 if self.config.gain is None else generator.uniform(*self.config.gain)
        mean, std = self.scale(song.track)
        out = np.empty((song.stems[source].channels, self.segment), np.float32)
        song.stems[source].read(start, out, factor / std, -factor * mean / std)
        return out[::-1] if generator.random() < self.config.swap_channels else out


class Independent(Mixing):
    """Independent mixing; `segment` is an example's length in samples."""

    def __init__(self, config: IndependentConfig, task: Task, segment: int) -> None:
        self.config, self.task, self.segment = config, task, segment

    def count(self, frames: Iterable[int]) -> int:
        return self.config.per_track * len(list(frames))

    def examples(self, songs: Songs) -> Drawn:
        found = songs_of(songs.root, songs.manifest, "train")
        return Drawn(self.config, self.task, self.segment, found, songs.scale)


PART = Part(config=IndependentConfig, build=Independent)
