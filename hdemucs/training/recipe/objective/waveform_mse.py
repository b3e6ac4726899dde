"""Mean squared error of waveforms, as in Wave-U-Net (Stoller, Ewert and Dixon, 2018)."""

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
class WaveformMSEConfig:
    """Settings: the weights of sources; None: equal weights."""

    kind: Literal["waveform_mse"]
    weights: Weights | None


class WaveformMSE(Objective):
    """(estimate - reference)^2, averaged over time, channels and examples, then over sources."""

    def __init__(self, config: WaveformMSEConfig, separator: Separator, task: Task) -> None:
        super().__init__(separator, task)
        self.weights = shares(config.weights, separator.sources)

    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        estimates, references = self.estimated(stems)
        return {"total": self.weighted((estimates - references).square().mean(dim=(0, 2, 3)))}

    def monitor(self, estimates: Song, references: Song) -> Scalar:
        return self.weighted((estimates - references).square().mean(dim=(1, 2)))

    @torch.no_grad()
    def silence(self, stems: Batch) -> Scalar:
        return self.weighted(self.targets(stems).square().mean(dim=(0, 2, 3)))

    def weighted(self, each: Tensor) -> Scalar:
        return (each * self.weights.to(each)).sum()


PART = Part(config=WaveformMSEConfig, build=WaveformMSE)
