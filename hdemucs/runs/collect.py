"""A variant's finished result, published: trained now, attached to, or found as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.bag import BagConfig, is_bag
from hdemucs.config.cluster import load_cluster
from hdemucs.config.load import load
from hdemucs.files import read_json, write_text
from hdemucs.report.runs import RunFacts, load_runs, save_runs
from hdemucs.runs.directory import CURE, Run
from hdemucs.runs.dvc_plan import stale_siblings
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.publish import check_unchanged, facts, publish
from hdemucs.runs.wait import finish
from hdemucs.runs.workspace import Workspace
from hdemucs.versions import remark

NO_CURVE = "epoch,train_loss,valid_loss,valid_nsdr\n"  # a bag is not trained


@dataclass(frozen=True)
class Collector:
    """Collects in one checkout; `songs` gives the data's root, and makes sure that it is there."""

    here: Workspace
    songs: Callable[[], Path]

    def collect(self, name: str) -> str:
        """Publish a variant to models/, reports/curves/ and reports/runs/; says from what.

        Raises:
            UserError: its training failed, or what it is changed meanwhile.
        """
        bag = is_bag(self.here.config(name))
        source, runs = self.bag(name) if bag else self.single(name)
        save_runs(self.here.root / "reports/runs" / f"{name}.json", runs)
        return source

    def single(self, name: str) -> tuple[str, list[RunFacts]]:
        run = self.finished(name)
        check_unchanged(run, self.here)
        done = read_json(run.folder / "DONE.json", CURE)
        remark(run.name, "was trained under", done["versions"])
        model, curve = self.places(name)
        files = {file: model / file for file in ("model.safetensors", "model.json")}
        publish(run, {**files, "history.csv": curve})
        return run.name, [facts(run, self.start(name))]

    def bag(self, name: str) -> tuple[str, list[RunFacts]]:
        """Its members' models, whichever of them dvc has come to."""
        from hdemucs.models.published import save_bag  # torch: a second that only bags need

        config = load(self.here.config(name), BagConfig)
        folders = {m: self.here.trained(m) or self.finished(m).folder for m in config.members}
        model, curve = self.places(name)
        save_bag(model, folders, config.weights)
        write_text(curve, NO_CURVE)
        return ", ".join(folders), [run for m in folders for run in self.provenance(m)]

    def places(self, name: str) -> tuple[Path, Path]:
        """Where a variant's model and its curve are published."""
        return self.here.root / "models" / name, self.here.root / f"reports/curves/{name}.csv"

    def provenance(self, name: str) -> tuple[RunFacts, ...]:
        """What is kept of a member's training."""
        run = self.here.run(name)
        published = self.here.root / "reports/runs" / f"{name}.json"
        return (facts(run, self.start(name)),) if run.done else load_runs(published)

    def start(self, name: str) -> RunFacts | None:
        """What is kept of the training that a variant's starts from."""
        origin = self.here.origin(name)
        return None if origin is None else self.provenance(origin)[0]

    def finished(self, name: str) -> Run:
        """A variant's run, done; what it starts from comes first."""
        origin = self.here.origin(name)
        if origin is not None and self.here.trained(origin) is None:
            self.finished(origin)
        run = self.here.run(name)
        if not run.done:
            run = self.here.made(name)
            self.train(run)
        return run

    def train(self, run: Run) -> None:
        """Have it trained, and with it the others that this dvc command will come to."""
        cluster = load_cluster(self.here.home)
        fleet = Launcher.of(self.here, cluster, self.songs())
        siblings = stale_siblings(run.variant) if cluster.presubmit else []
        others = self.here.startable(siblings, run.variant)
        finish(fleet, run, others, cluster.poll)
