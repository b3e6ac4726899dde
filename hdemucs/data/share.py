"""The part of a batch that a process works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

T = TypeVar("T", Tensor, list[tuple[int, int]])


@dataclass(frozen=True)
class Share:
    """Part number `rank` of `count` equal parts."""

    rank: int
    count: int

    def total(self, mine: int) -> int:
        """The size of the whole, given the size of this part."""
        return mine * self.count

    def of(self, whole: T) -> T:
        """This part of `whole`."""
        size = len(whole) // self.count
        return whole[self.rank * size : (self.rank + 1) * size]


WHOLE = Share(0, 1)
