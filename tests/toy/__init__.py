"""A small project around a training that only counts: the real launcher, stages and snapshots."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hdemucs.config.cluster import load_cluster
from hdemucs.files import write_text
from hdemucs.runs.directory import Run
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.workspace import Workspace
from hdemucs.study.effective import configurations
from hdemucs.study.params import read_params

PROJECT = Path(__file__).parents[2]
IDENTITY = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
PATIENCE = 300  # seconds to wait for what takes a few: other work may have the cores
MANIFEST = {"name": "toy", "sample_rate": 16000, "channels": 2, "sources": ["drums"]}


@cache
def real_training() -> str:
    """The configuration of the study's first training; this takes a second or more."""
    params = read_params(PROJECT / "params.yaml")
    return json.dumps(configurations(params)[f"train/{params['study'][0]}.json"])


class Toy:
    """A checkout of the project in `root`, with variants `a`, `b`, `c` of a counting training."""

    def __init__(self, root: Path, epochs: int = 2, pace: float = 0.05) -> None:
        self.root, self.here = root, Workspace(root)
        self.data = root / "data" / "toy"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "hdemucs", root / "hdemucs", ignore=ignore)
        shutil.copytree(PROJECT / "stages", root / "stages", ignore=ignore)
        shutil.copy(Path(__file__).parent / "training.py", root / "hdemucs/training/__main__.py")
        (self.data / "faults").mkdir(parents=True)
        manifest = {**MANIFEST, "tracks": []}
        (root / "data" / "manifest.json").write_text(json.dumps(manifest))
        (root / "params.yaml").touch()  # it is a study's checkout
        self.cluster(presubmit=True, poll=0.1)
        self.pace(pace)
        for name in "abc":
            self.variant(name, epochs=epochs)

    def cluster(self, **changes: Any) -> None:
        """Change cluster.yaml; a dictionary changes a section."""
        path = self.root / "cluster.yaml"
        content = YAML(typ="safe").load(path if path.exists() else PROJECT / "cluster.yaml")
        for key, value in changes.items():
            content[key] = {**content[key], **value} if isinstance(value, dict) else value
        YAML(typ="safe").dump(content, path)

    def variant(self, name: str, **training: Any) -> None:
        """Write a variant's configuration, or change parts of it."""
        path = self.here.config(name)
        if path.exists():
            content = json.loads(path.read_text())
        else:
            content = {**json.loads(real_training()), "variant": name}
            content["training"]["threads"] = 1
        content["training"] |= training
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2))

    def pace(self, seconds: float) -> None:
        """How long an epoch takes from now on."""
        write_text(self.data / "pace", str(seconds))

    @contextmanager
    def held(self, epoch: int = 0) -> Iterator[None]:
        """Trainings wait after this epoch meanwhile, however slow or fast the machine is."""
        path = self.data / "held"
        write_text(path, str(epoch))
        try:
            yield
        finally:
            path.unlink()

    def fault(self, name: str, *lines: str) -> None:
        """What goes wrong in a training, once each: `epoch what`, or `rank:epoch what`."""
        (self.data / "faults" / name).write_text("\n".join(lines))

    @property
    def launcher(self) -> Launcher:
        return Launcher.of(self.here, load_cluster(self.root), self.data)

    def run(self, name: str) -> Run:
        return self.here.made(name)

    def pipeline(self) -> None:
        """Make it a git and dvc repository with a pipeline over the three variants."""
        shutil.copy(Path(__file__).parent / "dvc.yaml", self.root)
        for name in (".gitignore", ".dvcignore"):
            shutil.copy(PROJECT / name, self.root)
        (self.root / ".dvc").mkdir()
        (self.root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
        (self.root / ".dvc/config").write_text(
            "[core]\n analytics = false\n check_update = false\n"
        )
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)

    def commit(self) -> None:
        """Have git know all there is."""
        for command in (["add", "-A"], ["commit", "-q", "-m", "toy"]):
            subprocess.run(["git", *IDENTITY, *command], cwd=self.root, check=True)

    def clone(self, root: Path) -> "Toy":
        """What git has of it, elsewhere, on a machine with the data set but without any run."""
        subprocess.run(["git", "clone", "-q", str(self.root), str(root)], check=True)
        clone = object.__new__(type(self))
        clone.root, clone.here, clone.data = root, Workspace(root), root / "data" / "toy"
        shutil.copytree(self.data, clone.data)
        return clone

    def changed(self) -> list[str]:
        """What differs from what git has."""
        asked = ["git", "status", "--short"]
        said = subprocess.run(asked, cwd=self.root, capture_output=True, text=True, check=True)
        return said.stdout.splitlines()

    def start(
        self, *command: str, start_new_session: bool = False, **environment: str
    ) -> subprocess.Popen[str]:
        """A client in the project: `python -m ...`, its output to be read."""
        own = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "HDEMUCS_"))}
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env={**own, "PYTHONPATH": str(self.root), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=start_new_session,
            preexec_fn=heeding,
        )

    def call(self, *command: str, status: int = 0, **environment: str) -> str:
        """What a client printed; it must end with that status."""
        with self.start(*command, **environment) as client:
            said, _ = client.communicate(timeout=2 * PATIENCE)
            assert client.returncode == status, said
            return said

    def train(self, name: str, status: int = 0) -> str:
        return self.call("stages.train", name, status=status)

    def executions(self, name: str) -> list[int]:
        """The epoch at which each execution of a variant's run began."""
        path = self.run(name).folder / "executions.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[-1]) for line in lines]

    def workers(self) -> list[int]:
        """Processes behind local runs of this project that are alive."""
        said = (json.loads(p.read_text()) for p in self.here.runs.glob("*/process.json"))
        return [each["pid"] for each in said if alive(each["pid"])]

    def close(self) -> None:
        """Leave no process behind."""
        for pid in self.workers():
            os.killpg(pid, signal.SIGKILL)


def heeding() -> None:
    """Heed Ctrl-C, even if the tests run where it is ignored, as behind `&`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended, and waits for its parent to ask, does not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def until(true: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait for something that must come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
