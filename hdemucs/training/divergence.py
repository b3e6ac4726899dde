"""Detect a run that has diverged, and end it at once rather than days later.

The test is on means over the last `steps` steps, never on one batch: a batch may be much louder
than another. The loss is taken relative to the loss of silent estimates of the same examples.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

from hdemucs.config.training import GuardConfig
from hdemucs.errors import UserError

CURE = (
    "checkpoints/ keeps its last states from before that; lower"
    " training.optimiser.learning_rate or raise training.penalty.weight"
)


class Guard:
    """Compares running means with the lowest ones that the run has had.

    At first, the loss is compared with the loss of silence, the worst that a model need ever have.
    """

    def __init__(self, variant: str, config: GuardConfig) -> None:
        self.variant, self.config = variant, config
        self.share, self.penalty = 1.0, math.inf  # the lowest running means so far
        self.recent: deque[tuple[float, float, float]] = deque(maxlen=config.steps)

    def watch(self, place: str, loss: float, silence: float, penalty: float) -> None:
        """Take in a step's loss, the loss of silence on the same examples, and the penalty.

        Raises:
            UserError: the run has diverged.
        """
        if not math.isfinite(loss + penalty):
            raise self.diverged(place, f"the loss is {loss}, the penalty {penalty}")
        self.recent.append((loss, silence, penalty))
        if len(self.recent) < self.config.steps:
            return
        means = [math.fsum(values) / self.config.steps for values in zip(*self.recent, strict=True)]
        self.judge(place, *means)

    def judge(self, place: str, loss: float, silence: float, penalty: float) -> None:
        """Compare means over the last steps with the lowest ones so far."""
        seen = f"over the last {self.config.steps} steps"
        if loss > self.config.loss * self.share * silence > 0:
            now, best = loss / silence, self.share
            times = f"{now:.3g} times that of silence, at its best it was {best:.3g} times"
            raise self.diverged(place, f"{seen} the loss is {loss:.4g}, {times}")
        if penalty > self.config.penalty * self.penalty:
            was = f"at its lowest it was {self.penalty:.4g}"
            raise self.diverged(place, f"{seen} the penalty is {penalty:.4g}, {was}")
        if silence:
            self.share = min(self.share, loss / silence)
        if penalty:
            self.penalty = min(self.penalty, penalty)

    def validated(self, place: str, loss: float, best: float) -> None:
        """Compare the model's loss on validation songs with the best that any weights have had.

        Raises:
            UserError: the run has diverged.
        """
        if not math.isfinite(loss) or loss > self.config.loss * best > 0:
            raise self.diverged(place, f"the validation loss is {loss:.4g}, it was {best:.4g}")

    def diverged(self, place: str, problem: str) -> UserError:
        return UserError(self.variant, f"diverged in {place}: {problem}", CURE)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; None stands for infinity, which JSON cannot hold."""
        penalty = self.penalty if math.isfinite(self.penalty) else None
        return {"share": self.share, "penalty": penalty, "recent": [list(r) for r in self.recent]}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.share = state["share"]
        self.penalty = math.inf if state["penalty"] is None else state["penalty"]
        self.recent.clear()
        self.recent.extend((loss, silence, penalty) for loss, silence, penalty in state["recent"])
