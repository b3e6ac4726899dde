"""Demucs' examples: regular segments, augmented, whose stems are mixed anew in small groups.

Source: Défossez, "Hybrid Spectrogram and Waveform Source Separation" (2021), section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.data.augment import Augmentation, FlipSign, Gain, Remix, Shift, SwapChannels
from hdemucs.data.repitch import Repitch, RepitchConfig
from hdemucs.data.segments import Segments, count_starts
from hdemucs.training.recipe.mixing.base import Examples, Mixing, Songs
from hdemucs.training.recipe.task import Task
from hdemucs.training.seeds import seed_for

Batch = Float[Tensor, "batch source channel sample"]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RemixConfig:
    """The changes to a batch of stems, in this order; None, 0 and False switch one off."""

    kind: Literal["remix"]
    stride: Positive  # seconds between the starts of examples
    repitch: RepitchConfig | None
    shift: Annotated[float, Field(ge=0)]  # seconds; examples become this much shorter
    same_shift: bool  # one shift for all stems of an example
    swap_channels: Share  # probability
    flip_sign: Share  # probability
    gain: tuple[Positive, Positive] | None  # least and largest factor
    remix: Count | None  # examples in a group whose stems are mixed anew


class Segmented(Examples):
    """Regular segments of songs, each repitched with a seed of its own."""

    def __init__(self, segments: Segments, repitch: Repitch | None, seed: int) -> None:
        self.segments, self.repitch, self.seed = segments, repitch, seed

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, chosen: list[tuple[int, int]]) -> Batch:
        batch = self.segments.batch([index for _, index in chosen])
        if self.repitch is None:
            return batch
        seeds = [seed_for(self.seed, "repitch", self.epoch, place) for place, _ in chosen]
        return torch.from_numpy(self.repitch(batch.numpy(), seeds))


class Remixing(Mixing):
    """Demucs' mixing; `segment` is the number of samples read for an example."""

    def __init__(self, config: RemixConfig, task: Task, segment: int) -> None:
        self.config, self.task, self.segment = config, task, segment
        self.repitch = Repitch(config.repitch, task.sample_rate) if config.repitch else None
        self.group = config.remix or 1
        self.lost = int(config.shift * task.sample_rate)
        self.augmentations = augmentations(config, task)

    @property
    def stride(self) -> int:
        """Samples between the starts of examples."""
        return int(self.config.stride * self.task.sample_rate)

    def count(self, frames: Iterable[int]) -> int:
        return sum(count_starts(each, self.segment, self.stride) for each in frames)

    def examples(self, songs: Songs) -> Segmented:
        segments = Segments(
            songs.root, songs.manifest, "train", self.segment, self.stride, songs.scale
        )
        return Segmented(segments, self.repitch, self.task.seed)


def augmentations(config: RemixConfig, task: Task) -> list[Augmentation]:
    """The augmentations that are switched on, in the paper's order."""

    def seed(name: str) -> int:
        return seed_for(task.seed, name)

    share, samples = task.share, int(config.shift * task.sample_rate)
    every = (
        samples and Shift(samples, seed("shift"), share, same=config.same_shift),
        config.swap_channels and SwapChannels(config.swap_channels, seed("swap"), share),
        config.flip_sign and FlipSign(config.flip_sign, seed("sign"), share),
        config.gain and Gain(*config.gain, seed("gain"), share),
        config.remix and Remix(config.remix, seed("remix"), share),
    )
    return [each for each in every if each]


PART = Part(config=RemixConfig, build=Remixing)
