"""One variant trained: configs/train/<variant>.json -> models/<variant>/, reports/{curves,runs}/.

Where it trains is said by cluster.yaml. The other variants that this `dvc repro` will come to
start together with the first; each stage then waits for its own.
"""

import sys
from pathlib import Path

from hdemucs.config.bag import BagConfig, is_bag
from hdemucs.config.cluster import load_cluster
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.data.place import check_present, where
from hdemucs.errors import one_line
from hdemucs.files import write_text
from hdemucs.model.shelf import save_bag
from hdemucs.report.runs import RunFacts, load_runs, save_runs
from hdemucs.runs.directory import Run
from hdemucs.runs.fleet import Fleet
from hdemucs.runs.publish import check_unchanged, facts, publish
from hdemucs.runs.stale import stale_siblings
from hdemucs.runs.wait import wait
from hdemucs.runs.workspace import Workspace
from stages.arguments import variant


def main(name: str) -> None:
    """Starts a run, attaches to it, or collects it."""
    here = Workspace(Path.cwd())
    if is_bag(here.config(name)):
        collect_bag(here, name)
        return
    run = finished(here, name)
    check_unchanged(run, here)
    files = {file: Path("models") / name / file for file in ("model.safetensors", "model.json")}
    publish(run, {**files, "history.csv": Path("reports/curves") / f"{name}.csv"})
    save_runs(Path("reports/runs") / f"{name}.json", [facts(run)])
    print(f"{name}: collected from {run.name}")


def finished(here: Workspace, name: str) -> Run:
    """A variant's run, done; what it starts from comes first."""
    origin = here.origin(name)
    if origin is not None and here.trained(origin) is None:
        finished(here, origin)
    run = here.run(name)
    if not run.done:
        train(here, run)
    return run


def collect_bag(here: Workspace, name: str) -> None:
    """A bag is its members' models, whichever of them dvc has come to."""
    config = load(here.config(name), BagConfig)
    folders = {m: here.trained(m) or finished(here, m).folder for m in config.members}
    save_bag(Path("models") / name, folders, config.weights)
    runs = [run for m in folders for run in provenance(here, m)]
    save_runs(Path("reports/runs") / f"{name}.json", runs)
    write_text(Path("reports/curves") / f"{name}.csv", "epoch,train_loss,valid_loss,valid_nsdr\n")
    print(f"{name}: {', '.join(folders)}")


def provenance(here: Workspace, name: str) -> tuple[RunFacts, ...]:
    """What is kept of a member's training."""
    run = here.run(name)
    return (facts(run),) if run.done else load_runs(Path("reports/runs") / f"{name}.json")


def train(here: Workspace, run: Run) -> None:
    """Have it trained, and with it the others that are needed."""
    cluster = load_cluster(here.home)
    fleet = Fleet.of(here, cluster, songs(here))
    siblings = stale_siblings(run.variant) if cluster.presubmit else []
    others = here.startable(siblings, run.variant)
    for started in fleet.ensure([run, *others]):
        print(f"started {started.name} on {cluster.executor}", flush=True)
    wait(fleet, run, others, cluster.poll)


def songs(here: Workspace) -> Path:
    """The data's root; the seconds of imports that rendering takes only where it has to be."""
    manifest = load_manifest(here.manifest)
    root = where(manifest.name, here.home)
    if not root.is_dir():
        from stages import songs

        return songs.songs()[1]
    check_present(root, manifest)
    return root


if __name__ == "__main__":
    name = variant(__doc__)
    try:
        with one_line():
            main(name)
    except KeyboardInterrupt:
        sys.exit(f"{name}: detached; its job goes on, and the next `dvc repro` attaches to it")
