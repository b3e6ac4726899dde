"""The directory of one training run: its inputs, its progress and its results.

runs/<variant>-<key>/
    spec.json       the identity, the program of its job and the threads
    config.json, manifest.json, code/, start/
                    the job's inputs, copied when the run was made
    attempts.jsonl  a line for each submission, written before it
    owner           the process that may write here; the newest one takes this over
    execution.json  that process' attempt, and where it runs
    log.txt         the output of all processes
    outcome.json    how the last attempt failed, if it did
    history.csv, progress.json, checkpoint, model.safetensors, model.json, DONE.json
                    written by the training; only DONE.json, written last, means finished
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError
from hdemucs.files import read_json, write_bytes, write_json, write_text
from hdemucs.runs.identity import Identity
from hdemucs.study.source import PACKAGES

NOTED = "attempts.jsonl"
CURE = "remove the run directory, and the next `dvc repro` makes it anew"


@dataclass(frozen=True)
class Attempt:
    """One submission of a run. `batch` is the name of the batch; no other batch ever has it."""

    executor: str
    batch: str
    index: int  # position in its batch
    size: int  # number of runs in the batch
    time: float  # seconds since 1970


@dataclass(frozen=True)
class Run:
    """A run directory; its name is `<variant>-<key>`."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def variant(self) -> str:
        return self.name.rpartition("-")[0]

    @property
    def code(self) -> Path:
        return self.folder / "code"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def done(self) -> bool:
        """Whether the run is finished, from a list of the folder: NFS may cache a file's absence
        for a minute.
        """
        with suppress(FileNotFoundError):
            return "DONE.json" in os.listdir(self.folder)  # noqa: PTH208  pathlib has a generator
        return False

    @property
    def program(self) -> str:
        """The module that its job runs, with the run directory as argument."""
        return str(read_json(self.folder / "spec.json", CURE)["program"])

    @property
    def threads(self) -> int:
        """Threads of torch in every process: part of the configuration, since sums depend on it."""
        return int(read_json(self.folder / "spec.json", CURE)["threads"])

    @property
    def identity(self) -> Identity:
        return Identity(**read_json(self.folder / "spec.json", CURE)["identity"])

    @property
    def attempt(self) -> Attempt | None:
        """The last submission.

        Raises:
            UserError: the record of it is unreadable; its job may be running.
        """
        lines = self._attempts.splitlines()
        try:
            return Attempt(**json.loads(lines[-1])) if lines else None
        except (TypeError, ValueError) as error:
            cure = "end the run's job, if it has one, and remove that line"
            raise UserError(
                self.folder / NOTED, f"has a damaged line {len(lines)}", cure
            ) from error

    def record(self, attempt: Attempt) -> None:
        """Record a submission before it is made, so that a crash cannot hide it.

        Raises:
            UserError: the disk is full.
        """
        write_text(self.folder / NOTED, f"{self._attempts}{json.dumps(asdict(attempt))}\n")

    @property
    def _attempts(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / NOTED).read_text()
        return ""

    @property
    def progress(self) -> dict[str, Any]:
        """The training's last progress.json; empty before the first."""
        return self._said("progress.json")

    @property
    def saved(self) -> set[str]:
        """Its checkpoints, by name and time; a change means progress."""
        found = set()
        for path in (self.folder / "checkpoints").glob("*"):
            with suppress(FileNotFoundError):  # the training deletes old ones
                found.add(f"{path.name} {path.stat().st_mtime_ns}")
        return found

    @property
    def outcome(self) -> dict[str, Any]:
        """How the last attempt failed (`attempt`: its batch, `code`, `cause`); empty if not."""
        return self._said("outcome.json")

    def _said(self, name: str) -> dict[str, Any]:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return dict(json.loads((self.folder / name).read_text()))
        return {}

    def note(self, batch: str, code: int, cause: str) -> None:
        """Record how the attempt with this batch failed."""
        outcome = {"attempt": batch, "code": code, "cause": cause}
        write_json(self.folder / "outcome.json", outcome)

    def own(self, token: str) -> None:
        """Give the right to write to the process with this token, and to no other."""
        write_bytes(self.folder / "owner", token.encode())

    @property
    def owner(self) -> str:
        """The token of the process that may write; empty before the first one."""
        with suppress(FileNotFoundError):
            return (self.folder / "owner").read_text()
        return ""

    def begun(self, attempt: Attempt) -> bool:
        """Whether an attempt began to train, however it ended."""
        return self._said("execution.json").get("attempt") == attempt.batch


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run's directory."""

    root: Path  # of the project, whose packages are copied
    files: Mapping[str, Path]  # files to copy, by their paths in the directory
    program: str  # the module that the job runs
    identity: Callable[[], Identity]  # the run's identity by the files as they are now


def create(run: Run, identity: Identity, inputs: Inputs, threads: int) -> Run:
    """Make the run's directory, completely or not at all; an existing one is left as it is.

    Raises:
        UserError: a file was edited before it was copied, so this would be another run.
    """
    with locked(run.folder.parent / ".lock"):
        if run.folder.exists():
            return run
        draft = run.folder.with_name(f".{run.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)  # left by a client that was killed here
        packages = {PACKAGES[0], *(Path(path).parts[0] for path in identity.code)}
        snapshot(inputs.root, draft / "code", sorted(packages))
        for name, source in inputs.files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, draft / name)
        if edited := identity.difference(inputs.identity()):
            problem = "changed while the run was prepared"
            raise UserError(edited, problem, "run the same command again")
        facts = {"program": inputs.program, "threads": threads, "made": time.time()}
        write_json(draft / "spec.json", {"identity": asdict(identity), **facts})
        draft.rename(run.folder)
        return run


def snapshot(root: Path, target: Path, packages: Sequence[str] = PACKAGES[:1]) -> None:
    """Copy the code as it is now, so that later edits do not affect the run."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for package in packages:
        shutil.copytree(root / package, target / package, ignore=ignore)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock; the system releases it when the process ends, however it ends.

    Raises:
        UserError: the file system does not support locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            cure = "have HDEMUCS_RUNS name a folder of a file system with locks (flock)"
            raise UserError(path, f"cannot be locked ({error.strerror})", cure) from error
        yield


def runs_in(root: Path) -> list[Run]:
    """The runs in a root, by name."""
    return [Run(path.parent) for path in sorted(root.glob("[!.]*/spec.json"))]
