"""What can befall a run, each told by one function; they happen side by side on one cluster.

Each gets a study of its own, whose variant `a` takes 8 epochs, and leaves it with `a` published.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.slurm.study import Study

Told = Callable[[Study], None]
SCENARIOS: dict[str, Callable[[Path], Study]] = {}


def scenario(**slurm: Any) -> Callable[[Told], Told]:
    """Note a scenario; `slurm` changes its study's cluster.yaml."""

    def note(function: Told) -> Told:
        def play(root: Path) -> Study:
            study = Study(root, **slurm)
            try:
                function(study)
                return study.completed()
            finally:
                study.close()

        SCENARIOS[function.__name__] = play
        return function

    return note
