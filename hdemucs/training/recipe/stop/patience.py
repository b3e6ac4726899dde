"""Early stopping: stop when a loss has not been lower for some epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.recipe.stop.base import Stop


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PatienceConfig:
    """Settings; if validation is watched, epochs without a validation do not count."""

    kind: Literal["patience"]
    epochs: Annotated[int, Field(ge=1)]  # epochs without a lower loss
    watch: Literal["valid", "train"]  # which loss


class Patience(Stop):
    """Keeps the lowest loss so far and the number of epochs since."""

    def __init__(self, config: PatienceConfig) -> None:
        self.config = config
        self.best, self.waited = math.inf, 0

    @property
    def over(self) -> bool:
        return self.waited >= self.config.epochs

    def after_epoch(self, trained: float, validated: float | None) -> None:
        loss = trained if self.config.watch == "train" else validated
        if loss is None:
            return
        self.waited = 0 if loss < self.best else self.waited + 1
        self.best = min(self.best, loss)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; None stands for infinity, which JSON cannot hold."""
        return {"best": None if math.isinf(self.best) else self.best, "waited": self.waited}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.best = math.inf if state["best"] is None else state["best"]
        self.waited = state["waited"]


PART = Part(config=PatienceConfig, build=Patience)
