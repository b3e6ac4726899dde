"""Train what a run directory asks for: python -m hdemucs.training <run dir>.

The data set's folder is in HDEMUCS_DATA. Under torchrun, all processes work on one run. On SIGTERM
or SIGUSR2 the state is saved and the exit status is 75: the same command then resumes the run.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from hdemucs.errors import UserError, one_line
from hdemucs.training.loop import Interrupted
from hdemucs.training.processes import joined
from hdemucs.training.run import train

AGAIN = 75  # EX_TEMPFAIL of sysexits.h: start the same command again


class Signals:
    """Remembers whether the process was asked to end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGUSR2):
            signal.signal(number, self.receive)

    def receive(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def __call__(self) -> bool:
        return self.asked


def main() -> None:
    match sys.argv[1:]:
        case [folder]:
            pass
        case _:
            raise UserError("python -m hdemucs.training", "takes one run directory", "name it")
    if "HDEMUCS_DATA" not in os.environ:
        raise UserError("HDEMUCS_DATA", "is not set", "set it to the data set's folder")
    signals = Signals()
    try:
        with joined() as processes:
            train(Path(folder), Path(os.environ["HDEMUCS_DATA"]), processes, signals)
    except Interrupted:
        sys.stderr.write(f"{folder}: stopped; the same command goes on from here\n")
        sys.exit(AGAIN)


if __name__ == "__main__":
    with one_line():
        main()
