"""Lower the rate when validation has not improved for long, as torch's ReduceLROnPlateau does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.schedule.base import Schedule

THRESHOLD = 1e-4  # share of the best loss; a smaller improvement does not count (torch's default)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PlateauConfig:
    """Settings; counts are of validations, which are epochs where `validate_every` is 1."""

    kind: Literal["plateau"]
    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: Annotated[int, Field(ge=0)]  # validations without improvement; one more lowers it
    cooldown: Annotated[int, Field(ge=0)]  # validations after that which are not counted


class Plateau(Schedule):
    """Counts the validations since the best one; its state has the reductions made so far, too."""

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
        """What a checkpoint keeps; None stands for infinity, which JSON cannot hold."""
        best = None if math.isinf(self.best) else self.best
        counts = {"reductions": self.reductions, "bad": self.bad, "cooling": self.cooling}
        return {**counts, "best": best}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.reductions, self.bad, self.cooling = (
            state[name] for name in ("reductions", "bad", "cooling")
        )
        self.best = math.inf if state["best"] is None else state["best"]


PART = Part(config=PlateauConfig, build=Plateau)
