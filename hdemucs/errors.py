"""The one kind of error a user is meant to see."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """One line that names the file or key, what is wrong with it, and the cure."""

    def __init__(self, subject: object, problem: str, cure: str) -> None:
        self.parts = (str(subject), problem, cure)
        super().__init__(f"{subject}: {problem}; {cure}")

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str]]:
        """Whole when it comes from another process."""
        return type(self), self.parts


@contextmanager
def one_line() -> Iterator[None]:
    """End the process on a UserError with its line alone: no traceback, exit status 1."""
    try:
        yield
    except UserError as refusal:
        sys.exit(f"error: {refusal}")
