"""What decides that a run has trained long enough."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Stop(ABC):
    """A stopping rule; everything that changes in it is in `state`, which JSON can hold."""

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether the run ends here, even if `training.epochs` allows more."""

    def after_epoch(self, trained: float, validated: float | None) -> None:  # noqa: B027
        """Take in the epoch's mean training loss, and the lowest validation loss if it was
        validated.

        Most rules ignore it.
        """

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027  most have none
        pass
