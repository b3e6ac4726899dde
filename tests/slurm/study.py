"""A counting study on the test cluster, and what can be done to its jobs."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hdemucs.data.manifest import save_manifest
from hdemucs.runs.directory import Run
from tests.toy import PATIENCE, PROJECT, Toy, until
from tests.training.runs import content, data_set

EPOCHS = 8
LIVE = {"PENDING", "RUNNING", "COMPLETING"}


class Study(Toy):
    """A toy project whose variants train as jobs of one core; `slurm` changes cluster.yaml."""

    def __init__(self, root: Path, pace: float = 0.05, **slurm: Any) -> None:
        super().__init__(root, EPOCHS, pace)
        small = {"gpus_per_node": 0, "cpus_per_task": 1, "memory_gb": 0.25, "time": 10}
        self.cluster(executor="slurm", poll=0.5, slurm={**small, "signal_delay": 60, **slurm})
        self.pipeline()

    def during(
        self, epoch: int, act: Callable[[], None], status: int = 0, **environment: str
    ) -> str:
        """What the client of `a` prints when something is done once that epoch is over."""
        with self.start("stages.train", "a", **environment) as client:
            with self.held(epoch):
                until(lambda: self.reached("a", epoch))
                act()
            said, _ = client.communicate(timeout=2 * PATIENCE)
        assert client.returncode == status, said
        return said

    def cancelled(self) -> None:
        """Cancel the job of `a`, and see it gone."""
        output("scancel", self.job("a"))
        until(lambda: not self.queued())

    def queued(self) -> set[str]:
        """The states of what is left in the queue of the last batch of `a`."""
        attempt = self.run("a").attempt
        assert attempt is not None
        said = output("squeue", "-h", "-n", f"hdemucs-{attempt.batch}", "-o", "%T")
        return LIVE & {*said.split()}

    def anew(self, *command: str) -> None:
        """Have a command of SLURM end the execution of `a` and a new one begin."""
        before = len(self.executions("a"))
        output(*command)
        until(lambda: len(self.executions("a")) > before, 2 * PATIENCE)

    def job(self, name: str) -> str:
        """The number of a variant's last job, once it is in the queue."""
        found: list[str] = []

        def look() -> bool:
            attempt = self.run(name).attempt
            if attempt is not None:
                said = output("squeue", "-h", "-r", "-t", "all", "-n", f"hdemucs-{attempt.batch}",
                              "-o", "%F|%K")  # fmt: skip
                jobs = {
                    line.partition("|")[2]: line.partition("|")[0] for line in said.splitlines()
                }
                found.extend(f"{jobs[k]}_{k}" if k.isdigit() else jobs[k] for k in jobs)
            return bool(found)

        until(look)
        whole = [number for number in found if "_" not in number]
        index = self.run(name).attempt.index
        return whole[0] if whole else next(n for n in found if n.endswith(f"_{index}"))

    def node(self, name: str) -> str:
        return output("squeue", "-h", "-j", self.job(name), "-o", "%N").strip()

    def reached(self, name: str, epoch: int) -> bool:
        return self.run(name).progress.get("epoch", 0) >= epoch

    def batches(self) -> int:
        """How often sbatch was called."""
        return len(list((self.here.runs / ".batches").glob("*/batch.json")))

    def completed(self) -> "Study":
        """The whole pipeline run to its end, on what was found or left."""
        self.pace(0.02)
        self.call("dvc", "repro")
        self.close()
        return self

    def results(self) -> dict[str, bytes]:
        """All that the pipeline has made: models, reports, and the hashes that dvc noted, whose
        order is that in which stages ran."""
        made = [path for part in ("models", "reports") for path in (self.root / part).rglob("*")]
        files = {path.relative_to(self.root): path for path in made if path.is_file()}
        noted = YAML(typ="safe").load(self.root / "dvc.lock")["stages"]
        return {
            **{str(name): path.read_bytes() for name, path in files.items()},
            **{f"dvc.lock: {name}": repr(stage).encode() for name, stage in noted.items()},
        }

    def close(self) -> None:
        for folder in (self.here.runs / ".batches").glob("*"):
            subprocess.run(["scancel", "-n", f"hdemucs-{folder.name}"], check=True)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def wrapped(
    folder: Path, command: str, before: str = "", through: str = "", after: str = ""
) -> str:
    """A PATH on which a command of SLURM does something else as well."""
    folder.mkdir(exist_ok=True)
    real = output("which", command).strip()
    path = folder / command
    path.write_text(
        f'#!/bin/sh\n{before}\n{real} "$@" {through}\nstatus=$?\n{after}\nexit $status\n'
    )
    path.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def submitted(said: str) -> list[str]:
    """The variants whose runs a client started."""
    lines = [line.split() for line in said.splitlines() if line.startswith("started ")]
    return sorted(words[1].rpartition("-")[0] for words in lines)


def batch(run: Run) -> Path:
    """The folder of a run's last submission."""
    assert run.attempt is not None
    return run.folder.parent / ".batches" / run.attempt.batch


def tokens(run: Run) -> list[str]:
    """The executions that a run had: job.restart.letters."""
    return [line.split()[1] for line in (run.folder / "executions.txt").read_text().splitlines()]


class RealStudy(Study):
    """One variant, `tiny`, trained for real: four short songs and a model of four channels."""

    def __init__(self, root: Path, **slurm: Any) -> None:
        super().__init__(root, **slurm)
        training = self.root / "hdemucs" / "training"
        shutil.rmtree(training)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "hdemucs" / "training", training, ignore=ignore)
        save_manifest(data_set(self.root / "data" / "tiny"), self.here.manifest)
        config = content("waveform", epochs=20, batch=4, mixing={"remix": None})
        self.here.config("tiny").write_text(json.dumps({**config, "variant": "tiny"}))

    def weights(self) -> dict[str, bytes]:
        """What the training of `tiny` published; its facts hold times, which differ."""
        files = [*(self.root / "models/tiny").iterdir(), self.root / "reports/curves/tiny.csv"]
        return {path.name: path.read_bytes() for path in files}

    def processes(self) -> dict[int, int]:
        """The process id of each rank of the training."""
        found, run = {}, self.run("tiny")
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (path / "cmdline").read_text().split("\0")
                if words[1:4] == ["-m", "hdemucs.training", str(run.folder)]:
                    variables = (path / "environ").read_text().split("\0")
                    rank = next((v for v in variables if v.startswith("RANK=")), "RANK=0")
                    found[int(rank.removeprefix("RANK="))] = int(path.name)
        return found
