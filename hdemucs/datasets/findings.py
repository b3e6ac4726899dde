"""What is wrong with a data set, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.errors import UserError


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong or odd."""

    subject: str  # path relative to the data set's root, "" for the root
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"{self.subject or '.'}: {self.problem}; {self.cure}"


def refused(root: Path, errors: Sequence[Finding]) -> None:
    """Raise the first of the errors; its line tells how many more there are.

    Raises:
        UserError: there is one.
    """
    if errors:
        first, more = errors[0], len(errors) - 1
        rest = f" (`hdemucs data verify {root}` lists {more} more)" if more else ""
        raise UserError(root / first.subject, first.problem, first.cure + rest)
