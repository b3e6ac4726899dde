"""reports/runs/<system>.json: where each system comes from.

The file is the same on whatever machine a training is repeated; hours and machine are stored
separately (`hdemucs/report/machines.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.files import read_json, write_json

CURE = "run the training's stage again"

What = Literal["sound files", "museval JSON"]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunFacts:
    """The facts about one training that made a model, or a member of a bag."""

    run: str  # name of the run directory
    config: str  # SHA-256 of its configuration
    code: str  # SHA-256 of the code that it ran
    data: str  # SHA-256 of the manifest of its data
    seed: int
    epochs: Count  # epochs that were run
    planned: Count  # epochs that its configuration asks for
    parameters: Count
    weights: str  # SHA-256 of model.safetensors
    start: RunFacts | None  # the training that this one fine-tuned; None: new weights

    @property
    def first(self) -> RunFacts:
        """The training from new weights: this one, or the one it started from."""
        return self.start.first if self.start else self


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReleasedFacts:
    """The facts about a model that its authors published."""

    file: str
    url: str
    sha256: str  # of the file
    authors: str
    trained_on: str
    parameters: Count

    def __str__(self) -> str:
        return (
            f"{self.file} by {self.authors} (SHA-256 {self.sha256}), trained on {self.trained_on}"
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GivenFacts:
    """The facts about somebody's estimates or scores, of a system that is not here."""

    what: What
    path: str
    files: Count
    sha256: str  # of all files' names and digests
    missing: tuple[str, ...]  # test tracks that they lack

    def __str__(self) -> str:
        lack = f", without {len(self.missing)} tracks" if self.missing else ""
        return f"{self.files} {self.what} in {self.path} (SHA-256 {self.sha256}){lack}"


Origin = RunFacts | ReleasedFacts | GivenFacts


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Origins:
    """The content of the file: one origin for a model, several for a bag."""

    runs: tuple[Origin, ...]


def save_runs(path: Path, runs: Sequence[Origin]) -> None:
    """Write the file."""
    write_json(path, TypeAdapter(Origins).dump_python(Origins(runs=tuple(runs)), mode="json"))


def load_runs(path: Path) -> tuple[Origin, ...]:
    """Read where a system comes from; empty if the file does not exist.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return ()
    return validated(read_json(path, CURE), Origins, str(path)).runs
