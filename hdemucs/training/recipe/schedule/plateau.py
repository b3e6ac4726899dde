"""A lower rate whenever validation has not improved for long, as torch's ReduceLROnPlateau."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.schedule.base import Schedule

THRESHOLD = 1e-4  # less than this share of the best is no improvement (torch's default)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PlateauConfig:
    """All counts are of validations, which are epochs where `validate_every` is 1."""

    kind: Literal["plateau"]
    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: Annotated[int, Field(ge=0)]  # without improvement, and the next one lowers the rate
    cooldown: Annotated[int, Field(ge=0)]  # after that, during which none counts


class Plateau(Schedule):
    """Reductions so far, the best loss, and for how long there was no better one."""

    def __init__(self, config: PlateauConfig) -> None:
        self.config = config
        self.reductions = self.bad = self.cooling = 0
        self.best = math.inf

    def factor(self, step: int) -> float:
        return float(self.config.factor**self.reductions)

    def validated(self, loss: float) -> None:
        improved = loss < self.best - THRESHOLD * abs(self.best) or math.isinf(self.best)
        self.best = loss if improved else self.best
        self.bad = 0 if improved else self.bad + 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.config.patience:
            self.reductions += 1
            self.cooling, self.bad = self.config.cooldown, 0

    def state(self) -> dict[str, Any]:
        """JSON has no infinity: None."""
        best = None if math.isinf(self.best) else self.best
        counts = {"reductions": self.reductions, "bad": self.bad, "cooling": self.cooling}
        return {**counts, "best": best}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.reductions, self.bad, self.cooling = (
            state[name] for name in ("reductions", "bad", "cooling")
        )
        self.best = math.inf if state["best"] is None else state["best"]


PART = Part(config=PlateauConfig, build=Plateau)
