"""A stage that runs as a job: songs are separated and scored on the cluster (cluster.yaml:scoring).

dvc.yaml says what the stage reads and writes. The job works in a small checkout inside its run
directory, so that a job whose client is gone cannot write into another checkout:

    runs/<stage>@<variant>-<key>/
        spec.json, ...   as for a training run
        inputs/          what the stage reads, by its path in the project
        executions/<token>/   the checkout of one process of the job
        result/          the checkout of the process that finished
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.load import load
from hdemucs.errors import UserError
from hdemucs.files import digest, read_json, sha256
from hdemucs.runs.directory import Inputs, Run, create
from hdemucs.runs.identity import Identity
from hdemucs.runs.publish import publish
from hdemucs.runs.workspace import CURE, Workspace
from hdemucs.study.code import Program, of_variant

PROGRAM = "hdemucs.runs.stage_job_process"
CODE = "configs/code/"
MANIFEST = "data/manifest.json"
LOCATION = "configs/fetch.json"  # where the songs are; it decides no result


@dataclass(frozen=True)
class StageJob:
    """One stage for one variant; paths are relative to the project."""

    here: Workspace
    stage: str
    variant: str

    @property
    def name(self) -> str:
        """The stage's name in dvc."""
        return f"{self.stage}@{self.variant}"

    @property
    def reads(self) -> list[str]:
        """The files that it depends on, except code; folders by their files."""
        said = self.said()
        params = [key for each in said["params"] if isinstance(each, dict) for key in each]
        paths = [path for path in said["deps"] if not path.startswith(CODE)]
        return [file for path in (*paths, *params) for file in self.files(self.filled(path))]

    @property
    def makes(self) -> list[str]:
        said = self.said()
        kinds = (said.get(kind, []) for kind in ("outs", "metrics", "plots"))
        entries = [entry for kind in kinds for entry in kind]
        return [self.filled(e if isinstance(e, str) else next(iter(e))) for e in entries]

    def said(self) -> dict[str, Any]:
        """The stage's entry in dvc.yaml.

        Raises:
            UserError: there is none.
        """
        path = self.here.root / "dvc.yaml"
        stages = YAML(typ="safe").load(path)["stages"]
        if self.stage not in stages:
            raise UserError(path, f"has no stage {self.stage}", f"have one of {', '.join(stages)}")
        return dict(stages[self.stage]["do"])

    def filled(self, path: str) -> str:
        return path.replace("${item}", self.variant)

    def files(self, path: str) -> Iterator[str]:
        """The files in a folder, or the file itself.

        Raises:
            UserError: it does not exist.
        """
        place = self.here.root / path
        if not place.exists():
            raise UserError(place, "is missing", f"run `dvc pull {path}` or `dvc repro`")
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (str(p.relative_to(self.here.root)) for p in found if p.is_file())

    @property
    def code(self) -> Program:
        configs = self.here.root / "configs"
        return of_variant(self.stage, self.variant, lambda path: read_json(configs / path, CURE))

    @property
    def identity(self) -> Identity:
        """What decides its result: the files that it reads, and its code."""
        sums = {path: sha256(self.here.root / path) for path in self.reads if path != MANIFEST}
        models = {path: each for path, each in sums.items() if path.startswith("models/")}
        return Identity(
            variant=self.name,
            config=digest({path: each for path, each in sums.items() if path not in models}),
            data=digest(read_json(self.here.manifest, CURE)),
            code=self.code.digests(self.here.root),
            start=digest(models),
        )

    def run(self) -> Run:
        """Its run; the directory is made if needed."""
        identity = self.identity
        run = Run(self.here.runs / identity.run)
        root = self.here.root
        paths = dict.fromkeys([*self.reads, LOCATION])
        files = {f"inputs/{path}": root / path for path in paths}
        inputs = Inputs(root, files, PROGRAM, lambda: self.identity)
        how = load(root / "configs/separation" / f"{self.variant}.json", EstimationConfig)
        return create(run, identity, inputs, how.threads)

    def publish(self, run: Run) -> None:
        """Copy what the job made to where the stage would have made it.

        Raises:
            UserError: the stage's inputs differ from those of the job.
        """
        if self.identity.key != run.identity.key:
            problem = f"changed while its job ran; the result stays in {run.folder}"
            raise UserError(self.name, problem, "run the same command again")
        for path in self.makes:
            source, target = run.folder / "result" / path, self.here.root / path
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target)
            else:
                publish(run, {f"result/{path}": target})
