"""The position of a run: epoch, sums, history and best weights, but not its learner's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from hdemucs.training.average import Weights, cloned, under
from hdemucs.training.checkpoint import Checkpoint


@dataclass
class Best:
    """The best weights on validation so far."""

    which: str  # "model" or an average's name
    epoch: int  # counted from 1
    loss: float
    weights: dict[str, Tensor]


@dataclass
class Sums:
    """Sums over the epoch's steps, in double precision, so that resuming changes nothing."""

    steps: int = 0
    loss: float = 0.0
    silence: float = 0.0
    penalty: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)  # the parts of the loss, by name

    def add(self, loss: float, silence: float, penalty: float, parts: Mapping[str, float]) -> None:
        self.steps += 1
        self.loss += loss
        self.silence += silence
        self.penalty += penalty
        self.parts = {name: self.parts.get(name, 0.0) + value for name, value in parts.items()}

    @property
    def means(self) -> dict[str, float]:
        """The mean of each number, by its name in the history; zeros before the first step."""
        steps = max(1, self.steps)
        parts = {f"train_{name}": value / steps for name, value in self.parts.items()}
        return {"train_loss": self.loss / steps, "penalty": self.penalty / steps, **parts}


@dataclass
class TrainingState:
    """Position, history and best weights of a run."""

    epoch: int = 0  # whole epochs done
    sums: Sums = field(default_factory=Sums)  # over the present epoch
    seconds: float = 0.0  # spent training, over all attempts
    rows: list[dict[str, Any]] = field(default_factory=list)  # rows of history.csv
    best: Best | None = None

    @property
    def name(self) -> str:
        """The checkpoint's name."""
        return f"{self.epoch:04d}-{self.sums.steps:06d}"

    def consider(self, which: str, loss: float, weights: Weights) -> None:
        """Keep a copy of the weights if none were better before."""
        if self.best is None or loss < self.best.loss:
            self.best = Best(which, self.epoch + 1, loss, cloned(weights))

    def tensors(self) -> dict[str, Tensor]:
        weights = self.best.weights if self.best else {}
        return {f"best/{name}": tensor for name, tensor in weights.items()}

    def facts(self) -> dict[str, Any]:
        best = self.best
        return {
            "epoch": self.epoch,
            "sums": vars(self.sums),
            "seconds": self.seconds,
            "rows": self.rows,
            "best": best and {"which": best.which, "epoch": best.epoch, "loss": best.loss},
        }

    @classmethod
    def restored(cls, checkpoint: Checkpoint) -> TrainingState:
        facts: Mapping[str, Any] = checkpoint.facts
        weights = under(checkpoint.tensors, "best")
        best = facts["best"] and Best(**facts["best"], weights=weights)
        sums = Sums(**facts["sums"])
        return cls(facts["epoch"], sums, facts["seconds"], list(facts["rows"]), best)
