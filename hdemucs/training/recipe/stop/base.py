"""What decides that a run has trained enough."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Stop(ABC):
    """Everything that changes in it is in `state`, which JSON can hold."""

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether the run ends here, even if `training.epochs` has more."""

    def after_epoch(self, trained: float, validated: float | None) -> None:  # noqa: B027
        """The epoch's mean loss, and the lowest on the validation songs if they were separated.

        Most do not listen.
        """

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027  most have none
        pass
