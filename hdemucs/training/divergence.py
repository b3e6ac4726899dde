"""When a run has diverged: better one line now than days of a model that is lost."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hdemucs.config.training import GuardConfig
from hdemucs.errors import UserError

CURE = (
    "its last good state is kept in checkpoints/; lower training.optimiser.learning_rate"
    " or raise training.penalty.weight"
)


class Guard:
    """Compares means over some steps with the lowest that the run has seen.

    The loss' first reference is the loss of silence, the worst that a model need ever be; later
    it is the best epoch's. The penalty's is the lowest mean since the start.
    """

    def __init__(self, variant: str, config: GuardConfig) -> None:
        self.variant, self.config = variant, config
        self.loss = self.penalty = math.inf

    def watch(self, place: str, loss: float, silence: float, penalty: float) -> None:
        """Means over the steps since the last call.

        Raises:
            UserError: the run has diverged.
        """
        if not math.isfinite(loss + penalty):
            raise self.diverged(place, f"the loss is {loss}, the penalty {penalty}")
        reference = min(self.loss, silence)
        if loss > self.config.loss * reference:
            raise self.diverged(place, f"the loss is {loss:.4g}, it was {reference:.4g}")
        if penalty > self.config.penalty * self.penalty:
            raise self.diverged(place, f"the penalty is {penalty:.4g}, it was {self.penalty:.4g}")
        if penalty:
            self.penalty = min(self.penalty, penalty)

    def validated(self, place: str, loss: float, best: float) -> None:
        """The model's loss on validation songs, and the best that any weights had so far.

        Raises:
            UserError: the run has diverged.
        """
        if not math.isfinite(loss) or loss > self.config.loss * best:
            raise self.diverged(place, f"the validation loss is {loss:.4g}, it was {best:.4g}")

    def after_epoch(self, loss: float) -> None:
        self.loss = min(self.loss, loss)

    def diverged(self, place: str, problem: str) -> UserError:
        return UserError(self.variant, f"diverged in {place}: {problem}", CURE)

    def state(self) -> dict[str, float | None]:
        """JSON has no infinity: None."""
        values = {"loss": self.loss, "penalty": self.penalty}
        return {name: value if math.isfinite(value) else None for name, value in values.items()}

    def restore(self, state: Mapping[str, float | None]) -> None:
        self.loss, self.penalty = (
            math.inf if (value := state[name]) is None else value for name in ("loss", "penalty")
        )
