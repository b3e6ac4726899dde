"""Stop after the last epoch, never before."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.stop.base import Stop


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EpochsConfig:
    """No settings: `training.epochs` says how many epochs there are."""

    kind: Literal["epochs"]


class Epochs(Stop):
    """Never stops a run early."""

    def __init__(self, config: EpochsConfig) -> None:
        pass

    @property
    def over(self) -> bool:
        return False


PART = Part(config=EpochsConfig, build=Epochs)
