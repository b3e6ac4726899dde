"""Mean absolute error of magnitudes, as in the U-Nets of Jansson et al. and Spleeter.

Sources: Jansson et al., "Singing Voice Separation with Deep U-Net Convolutional Networks", ISMIR
2017, equation 1; spleeter/model/__init__.py of deezer/spleeter 2.4.
"""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch.nn.functional import l1_loss

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.models.family import Separator
from hdemucs.training.recipe.objective.base import Scalar
from hdemucs.training.recipe.objective.spectral import MagnitudeDistance, Magnitudes
from hdemucs.training.recipe.task import Task


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MagnitudeL1Config:
    """Settings; frames are centred, or begin at samples 0, hop, ..."""

    kind: Literal["magnitude_l1"]
    centred: bool


class MagnitudeL1(MagnitudeDistance):
    """|estimate - |reference||, averaged over bins, frames, channels, sources and examples."""

    @staticmethod
    def distance(estimate: Magnitudes, reference: Magnitudes) -> Scalar:
        return l1_loss(estimate, reference)


def build(config: MagnitudeL1Config, separator: Separator, task: Task) -> MagnitudeL1:
    return MagnitudeL1(separator, task, centred=config.centred)


PART = Part(config=MagnitudeL1Config, build=build)
