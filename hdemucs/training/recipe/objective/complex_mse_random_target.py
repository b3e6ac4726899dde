"""Mean squared error of complex spectrograms, for one random source of each example, as in LaSAFT.

Source: lasaft/source_separation/conditioned/ of ws-choi/Conditioned-Source-Separation-LaSAFT
(`separation_framework.py`, `loss_functions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch.nn.functional import l1_loss, mse_loss

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.errors import UserError
from hdemucs.models.blocks.spectral import ConditionedNetwork
from hdemucs.models.family import Separator
from hdemucs.training.recipe.objective.base import Batch, Scalar, Song
from hdemucs.training.recipe.objective.spectral import Spectral
from hdemucs.training.recipe.task import Task


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ComplexMSERandomTargetConfig:
    """Settings for a network that is told which source to give."""

    kind: Literal["complex_mse_random_target"]


class ComplexMSERandomTarget(Spectral):
    """The loss of real and imaginary parts, alike; validation uses the waveforms' mean absolute
    error.
    """

    def __init__(
        self, config: ComplexMSERandomTargetConfig, separator: Separator, task: Task
    ) -> None:
        """
        Raises:
            UserError: the network gives all sources at once.
        """
        super().__init__(separator, task)
        if not isinstance(self.spectral.network, ConditionedNetwork):
            problem = "asks for one source, which this network cannot be told"
            raise UserError(f"training.objective.kind={config.kind}", problem, "take another one")

    @property
    def network(self) -> ConditionedNetwork:
        assert isinstance(self.spectral.network, ConditionedNetwork)
        return self.spectral.network

    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        stft, decoder = self.spectral.stft, self.spectral.decoder
        wanted = self.draw(len(stems), len(self.separator.sources)).to(stems.device)
        estimate = self.network.of(decoder.features(stft(stems.sum(1))), wanted).float()
        chosen = self.targets(stems)[torch.arange(len(stems), device=stems.device), wanted]
        return {"total": mse_loss(estimate, decoder.features(stft(chosen)))}

    def monitor(self, estimates: Song, references: Song) -> Scalar:
        return l1_loss(estimates, references)

    @torch.no_grad()
    def silence(self, stems: Batch) -> Scalar:
        """The loss of silence, averaged over the sources that may be asked for."""
        targets = self.targets(stems).flatten(0, 1)
        return self.spectral.decoder.features(self.spectral.stft(targets)).square().mean()


PART = Part(config=ComplexMSERandomTargetConfig, build=ComplexMSERandomTarget)
