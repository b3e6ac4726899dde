"""Run a study: from its file to its committed folder, through the stages of the pipeline.

    reports/studies/<name>/study.yaml -> runs/studies/<name>/   a project of its own: runs, models
                                      -> reports/studies/<name>/ scores, pages, steps.json

Finished work is not repeated: times per step, trainings, scores. So a study that was killed
continues where it stopped, and one with changed values does only what the change requires. With
several seeds it goes in rounds, one seed more in each, and publishes after each of them; started
again, it begins with the last round that was published, which has all that earlier ones have.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hdemucs.config.cluster import load_cluster
from hdemucs.data.manifest import load_manifest
from hdemucs.datasets.place import where
from hdemucs.errors import UserError
from hdemucs.evaluation.pictures import NAME as PICTURES
from hdemucs.evaluation.systems import SUMMARY
from hdemucs.files import digest, read_json, replacing, sha256, write_json
from hdemucs.report.machines import NAME as MACHINES
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.songs import training_songs
from hdemucs.runs.workspace import Workspace
from hdemucs.studies.definition import CpuTime, StudyConfig, project, read_study, rounds
from hdemucs.study.params import read_params

CODE = ("hdemucs", "stages")  # copied from the checkout to the study's project
KEPT = ("scores", "oracles", "curves", "runs")  # of the project's reports
STEPS = "steps.json"  # by system: the time it may take, seconds per step, and steps
SHARE = 0.03  # of a system's time, during which its steps are timed


@dataclass(frozen=True)
class Study:
    """One study in one checkout."""

    root: Path  # of the checkout
    name: str
    trial: int | None = None  # seconds or steps in place of the file's

    @cached_property
    def config(self) -> StudyConfig:
        config = read_study(self.out / "study.yaml")
        if self.trial is None:
            return config
        return replace(config, budget=config.budget.tried(self.trial))

    @property
    def folder(self) -> Path:
        """The folder of the study's own project."""
        return self.root / "runs" / "studies" / self.name

    @property
    def out(self) -> Path:
        """The committed folder."""
        return self.root / "reports" / "studies" / self.name

    @property
    def here(self) -> Workspace:
        return Workspace(self.folder)

    def run(self) -> Iterator[StudyConfig]:
        """Do everything except the pages, round by round: yield each whose results are there."""
        for part in self.remaining():
            self.prepare(part, {})
            self.stage("resolve")
            self.stage("fetch")
            if isinstance(part.budget, CpuTime):
                self.prepare(part, self.steps(part.budget))
                self.stage("resolve")
            self.mix()
            self.train()
            self.score()
            self.keep()
            write_json(self.published, named(part))
            yield part

    @property
    def published(self) -> Path:
        """Names the systems of the last round that was published."""
        return self.folder / "stamps" / "round.json"

    def remaining(self) -> list[StudyConfig]:
        """The rounds from the last published one on; an earlier one would delete its results."""
        every = rounds(read_params(self.root / "params.yaml"), self.config)
        if not self.published.exists():
            return every
        last = read_json(self.published, "remove it")
        begin = next((place for place, part in enumerate(every) if named(part) == last), 0)
        return every[begin:]

    def prepare(self, part: StudyConfig, steps: Mapping[str, int]) -> None:
        """Write the project's files, for one round of the study."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in CODE:
            link = self.folder / name
            if not link.is_symlink():
                link.symlink_to(self.root / name)
        for name in ("cluster.yaml", "cluster.local.yaml"):
            if (self.root / name).exists():
                shutil.copyfile(self.root / name, self.folder / name)
        params = project(read_params(self.root / "params.yaml"), part, steps)
        with replacing(self.folder / "params.yaml") as temporary:
            YAML(typ="safe").dump(params, temporary)

    def stage(self, name: str, *arguments: str) -> None:
        """Run one stage in a process of its own, as DVC would."""
        self.call(f"stages.{name}", *arguments)

    def call(self, module: str, *arguments: str) -> str:
        """Run a module of the project; return its output, without progress.

        Raises:
            UserError: it ended with an error, which it has printed.
        """
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            problem = "ended with an error, which is above"
            raise UserError(f"{module} {' '.join(arguments)}".strip(), problem, "correct its cause")
        return done.stdout

    @property
    def data(self) -> Path:
        return where(load_manifest(self.here.manifest).name, self.folder)

    def steps(self, budget: CpuTime) -> dict[str, int]:
        """Steps per epoch of every trained system, so that all take the same CPU time."""
        found = self.timed(budget.seconds)
        for name, entry in found.items():
            share = budget.seconds / len(self.here.own(name))  # of each of the system's trainings
            fit = int(share / budget.epochs / entry["seconds_per_step"])
            entry["steps_per_epoch"] = max(1, fit)
        write_json(self.out / STEPS, {"seconds": budget.seconds, "systems": found})
        return {name: entry["steps_per_epoch"] for name, entry in found.items()}

    def timed(self, seconds: float) -> dict[str, dict[str, Any]]:
        """The time of every system's step, from steps.json, or measured now and stored there.

        A system is timed again if its model or recipe has changed.
        """
        file = self.out / STEPS
        known = read_json(file, "restore it from git")["systems"] if file.exists() else {}
        trained = [name for name in self.here.variants if self.here.own(name)]
        for name in trained:
            first = self.here.own(name)[0]  # all trainings of a system take the same time
            asked = self.timed_as(first)
            if known.get(name, {}).get("of") != asked:
                pace = self.pace(first, SHARE * seconds)
                known[name] = {"seconds_per_step": pace, "of": asked}
                write_json(file, {"seconds": seconds, "systems": known})
        return {name: known[name] for name in trained}

    def timed_as(self, name: str) -> str:
        """Digest of what a step's time depends on: the model and the recipe, without its length."""
        config = read_json(self.here.config(name), "run the study again")
        long = {**config["training"], "steps_per_epoch": None, "epochs": None}
        return digest({"model": config["model"], "training": long})

    def pace(self, name: str, seconds: float) -> float:
        """The time of a step, measured now with nothing else running."""
        files = (self.here.config(name), self.here.manifest, self.data)
        said = self.call("hdemucs.studies.pace", *map(str, files), str(seconds))
        pace = round(float(said.split()[-1]), 4)
        print(f"{name}: {pace:g} s a step", flush=True)  # noqa: T201
        return pace

    def mix(self) -> None:
        """Make the mixes that fine-tuning trains on; none if no system is fine-tuned."""
        songs = [self.folder / "configs" / "automix.json", self.here.manifest]
        self.once(self.folder / "data" / "automix.json", songs, "automix")

    def train(self) -> None:
        """Train all systems, as many at a time as cluster.yaml says; then publish each."""
        songs = training_songs(self.here)
        launcher = Launcher.of(self.here, load_cluster(self.folder), songs)
        begun = [name for name in self.here.trainings if self.here.origin(name) is None]
        for names in (begun, [name for name in self.here.trainings if name not in begun]):
            launcher.ensure([self.here.made(name) for name in names])
            for variant in self.here.variants:
                if set(self.here.own(variant)) & set(names):
                    self.stage("train", variant)  # what is fine-tuned starts from what is published
        for bag in self.here.variants:
            if not self.here.own(bag):
                self.stage("train", bag)

    def score(self) -> None:
        """Score every system whose model, separation or metrics have changed, and the oracles."""
        evaluate = self.folder / "configs" / "evaluate.json"
        songs, reports = [evaluate, self.here.manifest], self.folder / "reports"
        for name in self.here.variants:
            model = sorted((self.folder / "models" / name).rglob("*.safetensors"))
            how = self.folder / "configs" / "separation" / f"{name}.json"
            self.once(reports / "scores" / name / SUMMARY, [*songs, how, *model], "evaluate", name)
        self.once(reports / "oracles" / PICTURES, songs, "oracles")

    def once(self, makes: Path, depends: list[Path], stage: str, *arguments: str) -> None:
        """Run a stage unless what it makes is there, of the same files."""
        stamp = self.folder / "stamps" / Path(stage, *arguments).with_suffix(".json")
        now = {str(path.relative_to(self.folder)): sha256(path) for path in depends}
        if makes.exists() and stamp.exists() and read_json(stamp, "remove it") == now:
            return
        self.stage(stage, *arguments)
        write_json(stamp, now)

    def keep(self) -> None:
        """Copy what a clone needs to make the pages again; it replaces earlier files."""
        for name in KEPT:
            shutil.rmtree(self.out / name, ignore_errors=True)
            shutil.copytree(self.folder / "reports" / name, self.out / name)
        shutil.copyfile(self.folder / "configs" / "report.json", self.out / "report.json")
        if (hours := self.folder / "reports" / MACHINES).exists():
            shutil.copyfile(hours, self.out / MACHINES)


def named(part: StudyConfig) -> dict[str, list[Any]]:
    """What distinguishes a round from the study's others."""
    return {"variants": list(part.variants), "seeds": list(part.seeds)}
