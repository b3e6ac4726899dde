"""What a schedule is: a factor on the learning rate that depends on the step and on validation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Schedule(ABC):
    """A schedule; everything that changes in it is in `state`, which JSON can hold."""

    changes = True  # whether the history should have a column for its factor

    @abstractmethod
    def factor(self, step: int) -> float:
        """The factor on the learning rate at step number `step` of a run, counted from 0."""

    def validated(self, loss: float) -> None:  # noqa: B027  most ignore it
        """Take in the lowest validation loss of all candidates, after each epoch that was
        validated.
        """

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027  most have none
        pass
