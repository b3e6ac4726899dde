"""Publish a variant's finished result: train it now, wait for its run, or take it as it is."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.config.ensemble import EnsembleConfig, kind_of, variant_of
from hdemucs.config.given import EstimatesConfig, ReleasedConfig, ScoresConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.files import digest_of_folder, read_json, write_json, write_text
from hdemucs.report.machines import save_machine
from hdemucs.report.runs import GivenFacts, Origin, RunFacts, What, load_runs, save_runs
from hdemucs.runs.directory import CURE, Run
from hdemucs.runs.dvc_plan import TRAIN, planned
from hdemucs.runs.given import CARD as GIVEN_CARD
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.publish import MODEL, check_unchanged, facts, machine, publish
from hdemucs.runs.published import replacing_folder
from hdemucs.runs.submit import lacking, startable
from hdemucs.runs.wait import finish
from hdemucs.runs.workspace import Workspace
from hdemucs.versions import remark

CURVE = ("epoch", "train_loss", "valid_loss", "valid_nsdr")  # columns of an ensemble's curves


@dataclass(frozen=True)
class Collector:
    """Publishes variants in one checkout; `songs` makes sure that the data are there, and gives
    their root.
    """

    here: Workspace
    songs: Callable[[], Path]

    def collect(self, name: str) -> str:
        """Publish a variant to models/, reports/curves/ and reports/runs/; return what it was made
        from.

        The variant's own trainings are run side by side, unless this project published them before;
        trainings of other variants are taken as they are.

        Raises:
            UserError: a training failed, or its inputs changed meanwhile.
        """
        if (kind := kind_of(self.here.config(name))) != "trained":
            return self.given(name, kind)
        here, members, own = self.here, self.here.members(name), self.here.own(name)
        self.prepare(members)
        known = bool(own) and self.known(name)
        others = [m for m in members if m not in own and here.trained(m) is None]
        asked = [] if known else [here.run(each) for each in own]  # by the files as they are now
        self.finished([*([] if known else own), *others])
        self.check(asked)
        if members != (name,):
            self.publish_ensemble(name, members, rewrite=not known)
        elif not known:
            self.publish_model(name)
        facts = [facts for member in members for facts in self.provenance(member)]
        save_runs(here.root / "reports/runs" / f"{name}.json", facts)
        runs = ", ".join(each.run for each in facts)
        return f"models/{name}, which {runs} made" if known else runs

    def known(self, name: str) -> bool:
        """Whether a variant's own trainings need no run, because they are published and present."""
        here, curve = self.here, self.places(name)[1]
        return curve.exists() and all(here.trained(m) == here.place(m) for m in here.own(name))

    def check(self, runs: Sequence[Run]) -> None:
        """Check that finished runs are what their variants are now, and keep their models."""
        for run in runs:
            check_unchanged(run, self.here)
            done = read_json(run.folder / "DONE.json", CURE)
            remark(run.name, "was trained under", done["versions"])
            save_machine(self.here.root / "reports", machine(run))

    def given(self, name: str, kind: str) -> str:
        """Publish what others made."""
        model, curve = self.places(name)
        if kind == "released":
            facts = self.released(name, model)
        else:
            facts = [self.listed(name, "sound files" if kind == "estimates" else "museval JSON")]
            write_json(model / GIVEN_CARD, asdict(facts[0]))
        write_text(curve, curves([]))
        save_runs(self.here.root / "reports/runs" / f"{name}.json", facts)
        return "; ".join(map(str, facts))

    def released(self, name: str, model: Path) -> Sequence[Origin]:
        """Import models that others published."""
        from hdemucs.released.publish import publish as import_released  # torch, and requests

        return import_released(load(self.here.config(name), ReleasedConfig), self.here.home, model)

    def listed(self, name: str, what: What) -> Origin:
        """List another group's files, and the test tracks that they are for."""
        from hdemucs.evaluation.given import missing  # torch

        config = self.here.config(name)
        sound_files = what == "sound files"
        path = (
            load(config, EstimatesConfig).path if sound_files else load(config, ScoresConfig).path
        )
        files, sha256 = digest_of_folder(self.here.home / path)
        manifest = load_manifest(self.here.manifest)
        lacking = missing(self.here.home / path, manifest, sound_files=sound_files)
        return GivenFacts(what=what, path=path, files=files, sha256=sha256, missing=lacking)

    def publish_model(self, name: str) -> None:
        """Publish the single training that a variant consists of."""
        model, curve = self.places(name)
        with replacing_folder(model) as temporary:
            publish(self.here.run(name), {file: temporary / file for file in MODEL})
        publish(self.here.run(name), {"history.csv": curve})

    def publish_ensemble(self, name: str, members: Sequence[str], *, rewrite: bool) -> None:
        """Publish the members' models, and the curves of those that are the variant's own."""
        from hdemucs.models.published import save_ensemble  # imports torch, a second that few need

        config, own = load(self.here.config(name), EnsembleConfig), self.here.own(name)
        model, curve = self.places(name)
        weights = {member: each.weights for member, each in config.members.items()}
        places = {m: self.here.trained(m) or self.here.place(m) for m in members}
        with replacing_folder(model) as temporary:
            save_ensemble(temporary, places, weights)
        if rewrite:
            write_text(curve, curves([self.here.run(each).folder / "history.csv" for each in own]))

    def places(self, name: str) -> tuple[Path, Path]:
        """The places where a variant's model and its curve are published."""
        return self.here.root / "models" / name, self.here.root / f"reports/curves/{name}.csv"

    def provenance(self, training: str) -> tuple[RunFacts, ...]:
        """The stored facts about a training."""
        run = self.here.run(training)
        if run.done:
            return (facts(run, self.start(training)),)
        published = self.here.root / "reports/runs" / f"{variant_of(training)}.json"
        kept = [known for known in load_runs(published) if isinstance(known, RunFacts)]
        return tuple(known for known in kept if known.run == run.name)

    def start(self, name: str) -> RunFacts | None:
        """The stored facts about the training that a variant starts from."""
        origin = self.here.origin(name)
        return None if origin is None else self.provenance(origin)[0]

    def prepare(self, trainings: Sequence[str]) -> None:
        """Train first what these trainings start from, because their identity depends on it."""
        origins = [origin for each in trainings if (origin := self.here.origin(each))]
        for origin in dict.fromkeys(origins):
            self.prepare([origin])
            if self.here.weights(origin) is None:
                self.finished([origin])

    def finished(self, trainings: Sequence[str]) -> None:
        """Make sure that these trainings are done."""
        runs = [self.here.run(training) for training in trainings]
        if not all(run.done for run in runs):
            self.train([run if run.done else self.here.made(run.variant) for run in runs])

    def train(self, runs: Sequence[Run]) -> None:
        """Train these runs, and with them the others that this dvc command will need."""
        cluster = load_cluster(self.here.home)
        launcher = Launcher.of(self.here, cluster, self.songs())
        others = self.siblings([run.variant for run in runs]) if cluster.presubmit else []
        for place, run in enumerate(runs):
            finish(launcher, run, [*runs[place + 1 :], *others], cluster.poll)

    def siblings(self, trainings: Sequence[str]) -> list[Run]:
        """The other runs that this dvc command will need and that can start now."""
        plan, mine = planned(TRAIN), {variant_of(name) for name in trainings}
        others = [name for name in plan.variants if name not in mine]
        lacks = lacking(self.here, others, missing_is_fine=plan.missing_is_fine)
        found = startable(self.here, [*trainings, *lacks])
        return [run for run in found if run.variant not in trainings]


def curves(histories: Sequence[Path]) -> str:
    """The histories of an ensemble's own trainings, one below the other; empty for a bag.

    Losses and nSDR are means over the trainings that lasted that many epochs.
    """
    tables = [list(csv.DictReader(io.StringIO(path.read_text()))) for path in histories]
    lines = [",".join(CURVE)]
    for rows in zip_longest(*tables):
        there = [row for row in rows if row]
        means = [mean_of(there, column) for column in CURVE[1:]]
        lines.append(",".join([there[0]["epoch"], *means]))
    return "\n".join(lines) + "\n"


def mean_of(rows: Sequence[Mapping[str, str]], column: str) -> str:
    values = [float(row[column]) for row in rows if row[column]]
    return repr(math.fsum(values) / len(values)) if values else ""
