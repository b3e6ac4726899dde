"""Raise the rate from 0, then lower it in regular steps (Kong et al., 2021, ResUNetDecouple+)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.schedule.base import Schedule

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WarmUpDecayConfig:
    """Settings; counts are of training steps."""

    kind: Literal["warm_up_decay"]
    warm_up: Annotated[int, Field(ge=0)]  # steps during which the rate rises linearly
    factor: Annotated[float, Field(gt=0, lt=1)]
    every: Count  # steps after each of which the rate is multiplied by `factor`


class WarmUpDecay(Schedule):
    """The factor is step / warm_up while that is below 1, then factor^floor(step / every)."""

    def __init__(self, config: WarmUpDecayConfig) -> None:
        self.config = config

    def factor(self, step: int) -> float:
        if step < self.config.warm_up:
            return step / self.config.warm_up
        return float(self.config.factor ** (step // self.config.every))


PART = Part(config=WarmUpDecayConfig, build=WarmUpDecay)
