"""Mean absolute error of waveforms, as in Demucs and most waveform systems.

Source: Défossez, "Hybrid Spectrogram and Waveform Source Separation" (2021), section 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.models.family import Separator
from hdemucs.training.recipe.objective.base import Batch, Objective, Scalar, Song, shares
from hdemucs.training.recipe.objective.weights import Weights
from hdemucs.training.recipe.task import Task


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WaveformL1Config:
    """Settings: the weights of sources; None: equal weights."""

    kind: Literal["waveform_l1"]
    weights: Weights | None


class WaveformL1(Objective):
    """|estimate - reference|, averaged over time, channels and examples, then over sources."""

    def __init__(self, config: WaveformL1Config, separator: Separator, task: Task) -> None:
        super().__init__(separator, task)
        self.weights = shares(config.weights, separator.sources)

    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        estimates, references = self.estimated(stems)
        return {"total": self.weighted((estimates - references).abs().mean(dim=(0, 2, 3)))}

    def monitor(self, estimates: Song, references: Song) -> Scalar:
        return self.weighted((estimates - references).abs()[None].mean(dim=(0, 2, 3)))

    @torch.no_grad()
    def silence(self, stems: Batch) -> Scalar:
        return self.weighted(self.targets(stems).abs().mean(dim=(0, 2, 3)))

    def weighted(self, each: Tensor) -> Scalar:
        return (each * self.weights.to(each)).sum()


PART = Part(config=WaveformL1Config, build=WaveformL1)
