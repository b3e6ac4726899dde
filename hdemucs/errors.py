"""The one kind of error a user is meant to see."""

from __future__ import annotations

import os
import signal
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

ESCAPED = {"Cc", "Cs", "Zl", "Zp"}  # Unicode's control characters, surrogates, line separators


def shown(text: object) -> str:
    """In one line and in UTF-8 whatever a file is called, with escapes where need be."""
    return "".join(
        letter.encode("unicode_escape", "backslashreplace").decode()
        if unicodedata.category(letter) in ESCAPED
        else letter
        for letter in str(text)
    )


class UserError(Exception):
    """One line that names the file or key, what is wrong with it, and the cure.

    `parts` are these three as they are; nothing has to be read from the line again.
    """

    def __init__(self, subject: object, problem: str, cure: str) -> None:
        self.parts = (str(subject), problem, cure)
        super().__init__(shown(f"{subject}: {problem}; {cure}"))

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


@contextmanager
def ending() -> Iterator[None]:
    """End a command without a traceback when a person or the shell ends it.

    Ctrl-C gives status 130, a reader of the output that has gone away 141, as shells have them. A
    terminated process ends as by `sys.exit`, so that what it has half written is removed.
    """
    with suppress(ValueError):  # outside the main thread signals cannot be handled
        signal.signal(signal.SIGTERM, terminated)
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the interpreter flushes at its end
        sys.exit(128 + signal.SIGPIPE)


def terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the system's signature
    sys.exit(128 + number)
