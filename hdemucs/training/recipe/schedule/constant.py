"""The same learning rate from the first step to the last."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ConstantConfig:
    """No settings."""

    kind: Literal["constant"]


class Constant(Schedule):
    """The factor is always 1."""

    changes = False

    def __init__(self, config: ConstantConfig) -> None:
        pass

    def factor(self, step: int) -> float:
        return 1.0


PART = Part(config=ConstantConfig, build=Constant)
