"""Problems with a data set, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.errors import UserError


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong or odd."""

    subject: str  # path relative to the data set's root; "" means the root
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"{self.subject or '.'}: {self.problem}; {self.cure}"

    @classmethod
    def of(cls, root: Path, subject: str, error: UserError | OSError) -> Finding:
        """A finding from an exception; `subject` is used if the exception names no path."""
        if isinstance(error, OSError):
            return cls(subject, f"cannot be read ({error.strerror})", "check the file")
        where, problem, cure = error.parts
        return cls(below(root, where), problem, cure)


def below(root: Path, where: str) -> str:
    """A path relative to the root; other paths are not changed."""
    path = Path(where)
    return str(path.relative_to(root)) if path.is_relative_to(root) else where


def refused(root: Path, errors: Sequence[Finding]) -> None:
    """Raise the first of the errors, saying how many more there are.

    Raises:
        UserError: there is one.
    """
    if errors:
        first, more = errors[0], len(errors) - 1
        rest = f" (`hdemucs data verify {root}` lists {more} more)" if more else ""
        raise UserError(root / first.subject, first.problem, first.cure + rest)
