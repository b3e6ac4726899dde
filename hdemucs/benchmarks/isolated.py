"""Run pieces of work in another process: if one hangs or dies, only its own result is lost."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

LEAVE = 5.0  # seconds within which a process must end


class Failed(Exception):  # noqa: N818  a result to be reported
    """A piece of work has no result; the text says why in one line."""


class Isolated:
    """A process that does one piece after the other; it is replaced after a failure."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("spawn")
        self.process: Any = None
        self.line: Connection | None = None

    def __enter__(self) -> Isolated:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.end()

    def do(self, limit: float, function: Callable[..., Any], *given: Any) -> Any:
        """The function's result, within `limit` seconds.

        Raises:
            Failed: it raised, died, or took longer.
        """
        if self.line is None:
            self.begin()
        assert self.line is not None
        try:
            self.line.send((function, given))
            if not self.line.poll(limit):
                raise Failed(f"not done after {limit:.0f} s")
            result, problem = self.line.recv()
            if problem:
                raise Failed(problem)
        except (EOFError, OSError) as error:
            self.end()
            raise Failed("its process died") from error
        except Failed:  # it may have left a device in any state
            self.end()
            raise
        return result

    def begin(self) -> None:
        self.line, theirs = self.context.Pipe()
        self.process = self.context.Process(target=serve, args=(theirs,), daemon=False)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """Tell the process to end, and kill it if it does not."""
        if self.line is not None:
            self.line.close()
            self.process.join(0.1)
            if self.process.is_alive():
                self.process.terminate()
                self.process.join(LEAVE)
            if self.process.is_alive():
                self.process.kill()
                self.process.join()
        self.line = None


def serve(line: Connection) -> None:
    """Do pieces of work until the other end of the connection is closed."""
    while True:
        try:
            function, given = line.recv()
        except EOFError:
            return
        try:
            answer = (function(*given), "")
        except Exception as error:  # the other process reports it
            said = "".join(traceback.format_exception_only(error)).strip()
            answer = (None, said.splitlines()[0][:200])
        line.send(answer)
