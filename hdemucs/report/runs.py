"""What is kept of each training, for the numbers' provenance: reports/runs/<system>.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.files import read_json, write_json

CURE = "run the training's stage again"

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunFacts:
    """One training: where a model, or a member of a bag, comes from."""

    run: str  # the run directory's name
    config: str  # SHA-256 of its configuration
    code: str  # SHA-256 of the code it trained with
    data: str  # SHA-256 of the manifest it trained on
    seed: int
    epochs: Count  # that ran
    planned: Count  # epochs that its configuration asks for
    parameters: Count
    hours: Annotated[float, Field(ge=0)]
    machine: str
    start: RunFacts | None  # the training whose model this one fine-tuned; None: new weights

    @property
    def first(self) -> RunFacts:
        """The training from new weights: itself, or what it started from."""
        return self.start.first if self.start else self


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Training:
    """The file: one run for a model, several for a bag."""

    runs: tuple[RunFacts, ...]


def save_runs(path: Path, runs: Sequence[RunFacts]) -> None:
    """Write the file."""
    write_json(path, TypeAdapter(Training).dump_python(Training(runs=tuple(runs)), mode="json"))


def load_runs(path: Path) -> tuple[RunFacts, ...]:
    """Read a system's trainings; none where the file is not there.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return ()
    return validated(read_json(path, CURE), Training, str(path)).runs
