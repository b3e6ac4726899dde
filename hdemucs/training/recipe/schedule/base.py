"""What a schedule is: a factor on the learning rate, by step and by what validation said."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Schedule(ABC):
    """Everything that changes in it is in `state`, which JSON can hold."""

    changes = True  # whether the history should have a column of its factor

    @abstractmethod
    def factor(self, step: int) -> float:
        """On the learning rate of a run's step number `step`, counted from 0."""

    def validated(self, loss: float) -> None:  # noqa: B027  most do not listen
        """The lowest loss of the candidates on the validation songs, after an epoch."""

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027  most have none
        pass
