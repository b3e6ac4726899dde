"""The error that users see, and how a process ends with it."""

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
    """Text in one line of UTF-8, whatever a file's name is; special characters are escaped."""
    return "".join(
        letter.encode("unicode_escape", "backslashreplace").decode()
        if unicodedata.category(letter) in ESCAPED
        else letter
        for letter in str(text)
    )


class UserError(Exception):
    """An error of one line that names the file or key, what is wrong with it, and the cure.

    `parts` are these three separately, so that nobody has to parse the line.
    """

    def __init__(self, subject: object, problem: str, cure: str) -> None:
        self.parts = (str(subject), problem, cure)
        super().__init__(shown(f"{subject}: {problem}; {cure}"))

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str]]:
        """Pickle all three parts, for errors in other processes."""
        return type(self), self.parts


@contextmanager
def one_line() -> Iterator[None]:
    """End the process on a UserError: print its line, no traceback, and exit with status 1."""
    try:
        yield
    except UserError as refusal:
        sys.exit(f"error: {refusal}")


@contextmanager
def ending() -> Iterator[None]:
    """End a command without a traceback if a person or the shell ends it.

    As in shells, the status is 130 after Ctrl-C, and 141 if the reader of the output has gone away.
    A terminated process ends as by `sys.exit`, so that unfinished files are removed.
    """
    with suppress(ValueError):  # signals can only be handled in the main thread
        signal.signal(signal.SIGTERM, terminated)
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes to it at its end
        sys.exit(128 + signal.SIGPIPE)


def terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the system's signature
    sys.exit(128 + number)
