"""How long a fresh clone of the committed state takes from songs to report, and what then differs.

The clone has the committed lock and an empty cache: everything is made anew. Setting up the
environment is not in it. Other work on the machine makes it slower: measure on idle cores.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.progress import clock
from hdemucs.versions import versions

RUNNING = "Running stage '"
EVERY = 1.0  # seconds between two looks at how busy the cores are
STAT = Path("/proc/stat")
IDLE = (3, 4)  # places of idle and of waiting for a disk among a core's times (proc(5))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkout", type=Path, default=Path(), help="its commit is cloned (%(default)s)"
    )


def make(asked: argparse.Namespace, page: Path) -> None:
    """Clone, run the whole pipeline, and write the page.

    Raises:
        UserError: the checkout cannot be cloned, or the pipeline failed; then its last lines.
    """
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        call("git", "clone", "--quiet", str(asked.checkout.resolve()), str(clone))
        commit = call("git", "-C", str(clone), "rev-parse", "--short", "HEAD").strip()
        found = repro(clone)
        changed = call("git", "-C", str(clone), "status", "--porcelain").splitlines()
    write_text(page, written(found, commit, changed))


@dataclass
class Repro:
    """A run of the pipeline: when each stage began, and how many cores were busy over time."""

    began: list[tuple[str, float]] = field(default_factory=list)  # stage, seconds from the start
    busy: list[tuple[float, float]] = field(default_factory=list)  # seconds, cores
    seconds: float = 0.0

    def spans(self) -> Iterator[tuple[str, float, float]]:
        """Each stage, or part of a `foreach`: its name, the seconds at its start and end."""
        ends = [at for _, at in self.began[1:]] + [self.seconds]
        for (stage, at), end in zip(self.began, ends, strict=False):
            yield stage, at, end

    def stages(self) -> dict[str, float]:
        """The seconds of each stage; those of a `foreach` together."""
        total: dict[str, float] = {}
        for stage, at, end in self.spans():
            name = stage.partition("@")[0]
            total[name] = total.get(name, 0.0) + end - at
        return total

    def training(self) -> tuple[float, float]:
        """The seconds from and to which there were trainings; none: two zeros."""
        found = [(at, end) for stage, at, end in self.spans() if stage.startswith("train@")]
        return (found[0][0], found[-1][1]) if found else (0.0, 0.0)

    def cores(self) -> float | None:
        """The mean number of busy cores while there were trainings; None where none was seen."""
        first, last = self.training()
        seen = [busy for at, busy in self.busy if first < at <= last]
        return sum(seen) / len(seen) if seen else None


def repro(clone: Path) -> Repro:
    """`dvc repro` in the clone, with the packages of this environment and the clone's code.

    Raises:
        UserError: it failed.
    """
    found, start, last = Repro(), time.monotonic(), ""
    environment = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    with (
        subprocess.Popen(
            ["dvc", "repro"],
            cwd=clone,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
        watched(found, start),
    ):
        for line in process.stdout or ():
            last = line.strip() or last
            if line.startswith(RUNNING):
                found.began.append((line.split("'")[1], time.monotonic() - start))
    found.seconds = time.monotonic() - start
    if process.returncode:
        raise UserError("dvc repro", f"failed in a clone: {last}", "run it here to see more")
    return found


@contextmanager
def watched(found: Repro, start: float) -> Iterator[None]:
    """Note how many cores are busy, where the system says it (Linux)."""
    over = threading.Event()

    def watch() -> None:
        before = busy()
        while not over.wait(EVERY):
            now = busy()
            found.busy.append((time.monotonic() - start, (now - before) / EVERY))
            before = now

    watcher = threading.Thread(target=watch, daemon=True)
    if STAT.exists():
        watcher.start()
    try:
        yield
    finally:
        over.set()


def busy() -> float:
    """Seconds of all cores that were not idle since the machine started."""
    times = [int(each) for each in STAT.read_text().splitlines()[0].split()[1:]]
    return (sum(times[:8]) - sum(times[place] for place in IDLE)) / os.sysconf("SC_CLK_TCK")


def call(*command: str) -> str:
    """What a command prints.

    Raises:
        UserError: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        problem = done.stderr.strip().replace("\n", "; ") or f"ended with {done.returncode}"
        raise UserError(" ".join(command[:2]), problem, "correct it and try again")
    return done.stdout


PAGE = """# A fresh clone, from songs to report

`dvc repro` in a clone of commit {commit} with an empty cache took **{minutes:.1f} minutes** on
{machine}; setting up the environment is not in it. Made by `hdemucs bench clone`.

| stage | seconds |
| --- | ---: |
{rows}

- {cores}
- {changed}
- Stages of variants are added up. Those that train wait for the jobs that the first of them
  started, as many at a time as there are cores.
"""


def written(found: Repro, commit: str, changed: list[str]) -> str:
    """The text of the page."""
    count, seen = os.cpu_count() or 1, found.cores()
    cores = "How busy the cores were is not known here."
    if seen is not None:
        first, last = found.training()
        span = f"From the first training's start to the last one's end ({clock(last - first)})"
        cores = f"{span}, {seen:.2f} of {count} cores were busy in the mean."
    said = "Afterwards `git status` is clean: everything came out as committed, byte for byte."
    if changed:
        said = "Afterwards these differ from what is committed: " + ", ".join(
            f"`{line[3:]}`" for line in changed
        )
    torch = versions()["torch"]
    return PAGE.format(
        commit=commit,
        minutes=found.seconds / 60,
        machine=f"{count} cores of {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch}",
        rows="\n".join(f"| {name} | {seconds:.0f} |" for name, seconds in found.stages().items()),
        cores=cores,
        changed=said,
    )
