"""One variant trained: configs/train/<variant>.json -> models/<variant>/, reports/{curves,runs}/.

Where it trains is said by cluster.yaml. The other variants that this `dvc repro` will come to
start together with the first; each stage then waits for its own.
"""

import sys
from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.data.manifest import load_manifest
from hdemucs.data.place import check_present, where
from hdemucs.errors import one_line
from hdemucs.report.runs import save_runs
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
    run = here.run(name)
    if not run.done:
        train(here, run)
    check_unchanged(run, here)
    files = {file: Path("models") / name / file for file in ("model.safetensors", "model.json")}
    publish(run, {**files, "history.csv": Path("reports/curves") / f"{name}.csv"})
    save_runs(Path("reports/runs") / f"{name}.json", [facts(run)])
    print(f"{name}: collected from {run.name}")


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
