"""The project as its files are now: its variants, their runs and its data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.ensemble import kind_of, members_of, variant_of
from hdemucs.config.given import ReleasedConfig
from hdemucs.config.load import load
from hdemucs.config.training import TrainConfig, deciding
from hdemucs.errors import UserError
from hdemucs.files import digest, read_json, sha256, write_bytes
from hdemucs.report.runs import Origin, ReleasedFacts, RunFacts, load_runs
from hdemucs.runs.directory import Inputs, Run, create
from hdemucs.runs.identity import PROGRAM, Identity, trained_on
from hdemucs.runs.published import WEIGHTS, bring, holds
from hdemucs.study.code import training as training_code

CURE = "run `dvc repro`, which writes it"


@dataclass(frozen=True)
class Workspace:
    """A checkout, or a temporary one of `dvc exp run --temp` and `--queue`."""

    root: Path

    @property
    def home(self) -> Path:
        """The main checkout; temporary ones are in its .dvc/tmp/exps and are deleted after use."""
        for parent in self.root.resolve().parents:
            if parent.parts[-3:] == (".dvc", "tmp", "exps"):
                return parent.parents[2]
        return self.root.resolve()

    @property
    def runs(self) -> Path:
        """The folder of run directories: $HDEMUCS_RUNS, or the main checkout's runs/."""
        return Path(os.environ.get("HDEMUCS_RUNS") or self.home / "runs").resolve()

    @property
    def manifest(self) -> Path:
        return self.root / "data" / "manifest.json"

    def songs(self, variant: str) -> Path:
        """The manifest of a variant's training songs; fine-tuning adds mixes to the songs."""
        tuned = self.origin(variant) is not None
        return self.root / "data" / "automix.json" if tuned else self.manifest

    @property
    def variants(self) -> list[str]:
        """The names of the study's variants."""
        paths = (self.root / "configs" / "train").glob("*.json")
        return sorted({variant_of(path.stem) for path in paths})

    @property
    def trainings(self) -> list[str]:
        """All trainings of the study's variants; a bag has none, since its members are other
        variants'.
        """
        paths = sorted((self.root / "configs" / "train").glob("*.json"))
        return [path.stem for path in paths if members_of(path) == (path.stem,)]

    def members(self, variant: str) -> tuple[str, ...]:
        """The trainings that a variant consists of, its own and other variants'."""
        return members_of(self.config(variant))

    def own(self, variant: str) -> list[str]:
        """The trainings that belong to the variant itself."""
        return [name for name in self.members(variant) if variant_of(name) == variant]

    def config(self, name: str) -> Path:
        """The configuration file of a variant or a training."""
        return self.root / "configs" / "train" / f"{name}.json"

    def origin(self, variant: str) -> str | None:
        """The variant whose model this one starts from."""
        start = load(self.config(variant), TrainConfig).training.start_from
        return None if start is None else start.variant

    def place(self, training: str) -> Path:
        """Where a training's model is published: as its variant, or as one of its members."""
        variant = variant_of(training)
        folder = self.root / "models" / variant
        return folder if training == variant else folder / training

    def record(self, training: str) -> RunFacts | None:
        """The stored facts about a finished training that would be repeated if this one ran now.

        They are committed with the results, so that a clone has them before it has any model.
        """
        try:
            known = load_runs(self.root / f"reports/runs/{variant_of(training)}.json")
        except UserError:  # damaged, or of an older version: it cannot identify a model
            return None
        name = self.run(training).name if known else ""
        runs = (facts for facts in known if isinstance(facts, RunFacts))
        return next((facts for facts in runs if facts.run == name), None)

    def has(self, training: str) -> bool:
        """Whether models/ has the model of a training as it is configured now."""
        record = self.record(training)
        return record is not None and holds(self.place(training), record.weights)

    def published(self, variant: str) -> bool:
        """Whether models/ has all of a variant as it is configured now."""
        members, folder = self.members(variant), self.root / "models" / variant
        if members == (variant,):
            return self.has(variant)
        known = load_runs(self.root / f"reports/runs/{variant}.json")
        if kind_of(self.config(variant)) == "released":
            asked = [
                each.file for each in load(self.config(variant), ReleasedConfig).files.values()
            ]
            return folder.is_dir() and files_of(known) == asked
        runs = [self.run(training).name for training in members]
        return (folder / "ensemble.json").exists() and names_of(known) == runs

    def trained(self, training: str) -> Path | None:
        """The folder with the finished model of a training as it is configured now; None if there
        is none.

        It is in the run, or published in models/, or fetched into it from DVC's cache or remote.
        """
        run = self.run(training)
        if run.done:
            return run.folder
        record, folder = self.record(training), self.place(training)
        if record is None:
            return None
        there = holds(folder, record.weights) or bring(self.root, folder, record.weights)
        return folder if there else None

    def weights(self, training: str) -> str | None:
        """SHA-256 of a finished model's weights, wherever it is; None if it is not trained yet."""
        run = self.run(training)
        if run.done:
            return sha256(run.folder / WEIGHTS)
        record = self.record(training)
        return None if record is None else record.weights

    def start(self, training: str) -> str | None:
        """The digest of the weights that a training starts from; None for new weights.

        Raises:
            UserError: those weights are not trained yet.
        """
        origin = self.origin(training)
        if origin is None:
            return None
        weights = self.weights(origin)
        if weights is None:
            cure = f"run `dvc repro train@{variant_of(origin)}` first"
            raise UserError(self.root / "models" / origin, "is not trained yet", cure)
        return weights

    def identity(self, variant: str) -> Identity:
        """The identity that training this variant would have, by the files as they are now."""
        config = read_json(self.config(variant), CURE)
        return Identity(
            variant=variant,
            config=digest(deciding(config)),
            data=digest(trained_on(read_json(self.songs(variant), CURE))),
            code=training_code(config).digests(self.root),
            start=self.start(variant),
        )

    def run(self, variant: str) -> Run:
        """The run of a variant, even if its directory does not exist."""
        return Run(self.runs / self.identity(variant).run)

    def made(self, variant: str) -> Run:
        """The run of a variant; its directory is made if needed."""
        files = {"config.json": self.config(variant), "manifest.json": self.songs(variant)}
        origin = self.origin(variant)
        if origin is not None:  # a run's folder may hold gigabytes of checkpoints, too
            start = self.trained(origin)
            if start is None:
                cure = f"run `dvc repro train@{variant_of(origin)}`, which trains it"
                raise UserError(
                    self.root / "models" / origin,
                    "is not in its run, nor in models/, nor in DVC's cache or remote",
                    cure,
                )
            files |= {f"start/{name}": start / name for name in (WEIGHTS, "model.json")}
        identity = self.identity(variant)
        run = Run(self.runs / identity.run)
        threads = load(self.config(variant), TrainConfig).training.threads
        inputs = Inputs(self.root, files, PROGRAM, lambda: self.identity(variant))
        made = create(run, identity, inputs, threads)
        if not made.done:  # the next attempt uses the present values of settings such as `workers`
            write_bytes(made.folder / "config.json", self.config(variant).read_bytes())
        return made


def names_of(origins: Sequence[Origin]) -> list[str]:
    """The names of the runs among these origins."""
    return [origin.run for origin in origins if isinstance(origin, RunFacts)]


def files_of(origins: Sequence[Origin]) -> list[str]:
    """The names of the released files among these origins."""
    return [origin.file for origin in origins if isinstance(origin, ReleasedFacts)]
