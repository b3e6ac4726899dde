"""The directory of one training run: what it was asked, how far it is, what came of it.

runs/<variant>-<key>/
    spec.json       the identity, the program of its job and the threads
    config.json, manifest.json, code/, start/
                    what the job reads, copied when the run was made
    attempts.jsonl  a line for each submission, written before it
    owner           the life of the job that may write here; the newest one takes it
    life.json       which attempt that is, and where
    log.txt         what all lives printed
    outcome.json    how the last attempt failed, if it did
    history.csv, progress.json, checkpoint, model.safetensors, model.json, DONE.json
                    written by the training; DONE.json last, and it alone means finished
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
    """One submission of a run. `batch` names it for ever: no other has the same name."""

    executor: str
    batch: str
    index: int  # place in its batch
    size: int  # runs in the batch
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
        """By the folder's list of names: asked for one, NFS may repeat an old no for a minute."""
        with suppress(FileNotFoundError):
            return "DONE.json" in os.listdir(self.folder)  # noqa: PTH208  it alone is no generator
        return False

    @property
    def program(self) -> str:
        """The module that its job runs, on the run directory."""
        return str(read_json(self.folder / "spec.json", CURE)["program"])

    @property
    def threads(self) -> int:
        """Of torch, in every process: part of the configuration, as sums depend on it."""
        return int(read_json(self.folder / "spec.json", CURE)["threads"])

    @property
    def identity(self) -> Identity:
        return Identity(**read_json(self.folder / "spec.json", CURE)["identity"])

    @property
    def attempt(self) -> Attempt | None:
        """The last submission.

        Raises:
            UserError: what is noted of it cannot be read; its job may be under way.
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
        """Note a submission before it is made, so that no crash can hide it.

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
        """What the training last said of itself; empty before it did."""
        return self._said("progress.json")

    @property
    def saved(self) -> set[str]:
        """Its checkpoints, by name and time: another set means that it got on."""
        found = set()
        for path in (self.folder / "checkpoints").glob("*"):
            with suppress(FileNotFoundError):  # the training drops old ones
                found.add(f"{path.name} {path.stat().st_mtime_ns}")
        return found

    @property
    def outcome(self) -> dict[str, Any]:
        """How the last attempt failed: `attempt` (its batch), `code`, `cause`; empty if not."""
        return self._said("outcome.json")

    def _said(self, name: str) -> dict[str, Any]:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return dict(json.loads((self.folder / name).read_text()))
        return {}

    def note(self, batch: str, code: int, cause: str) -> None:
        """Say how the attempt with this batch failed."""
        outcome = {"attempt": batch, "code": code, "cause": cause}
        write_json(self.folder / "outcome.json", outcome)

    def own(self, token: str) -> None:
        """From here on only the life with this token may write."""
        write_bytes(self.folder / "owner", token.encode())

    @property
    def owner(self) -> str:
        """The token of the life that may write; empty before any began."""
        with suppress(FileNotFoundError):
            return (self.folder / "owner").read_text()
        return ""

    def begun(self, attempt: Attempt) -> bool:
        """Whether an attempt came to train, however it ended."""
        return self._said("life.json").get("attempt") == attempt.batch


@dataclass(frozen=True)
class Inputs:
    """What a run's directory is made of."""

    root: Path  # of the project: its packages are what is snapshotted
    files: Mapping[str, Path]  # what to copy, by its path in the directory
    program: str  # module that the job runs
    identity: Callable[[], Identity]  # what the run would be by the files as they are now


def create(run: Run, identity: Identity, inputs: Inputs, threads: int) -> Run:
    """Make the run's directory, whole or not at all; one that is there is left as it is.

    Raises:
        UserError: something was edited before it was copied, so that the run would be another.
    """
    with locked(run.folder.parent / ".lock"):
        if run.folder.exists():
            return run
        draft = run.folder.with_name(f".{run.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)  # of a client that was killed here
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
    """A copy of the code as it is now, which later edits cannot reach."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for package in packages:
        shutil.copytree(root / package, target / package, ignore=ignore)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file; the system frees it when the process ends, however it ends.

    Raises:
        UserError: the file system has no locks.
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
    """The runs of a root, by name."""
    return [Run(path.parent) for path in sorted(root.glob("[!.]*/spec.json"))]
