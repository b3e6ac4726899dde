"""Mean squared error of magnitudes, as in Open-Unmix and D3Net.

Sources: scripts/train.py of sigsep/open-unmix-pytorch 1.3.0; d3net/music-source-separation/train.py
of sony/ai-research-code.
"""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch.nn.functional import mse_loss

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.models.family import Separator
from hdemucs.training.recipe.objective.base import Scalar
from hdemucs.training.recipe.objective.spectral import MagnitudeDistance, Magnitudes
from hdemucs.training.recipe.task import Task


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MagnitudeMSEConfig:
    """Settings; Open-Unmix trains on frames that begin at samples 0, hop, ..., others on centred
    ones.
    """

    kind: Literal["magnitude_mse"]
    centred: bool


class MagnitudeMSE(MagnitudeDistance):
    """(estimate - |reference|)^2, averaged over bins, frames, channels, sources and examples."""

    @staticmethod
    def distance(estimate: Magnitudes, reference: Magnitudes) -> Scalar:
        return mse_loss(estimate, reference)


def build(config: MagnitudeMSEConfig, separator: Separator, task: Task) -> MagnitudeMSE:
    return MagnitudeMSE(separator, task, centred=config.centred)


PART = Part(config=MagnitudeMSEConfig, build=build)
