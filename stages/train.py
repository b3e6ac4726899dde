"""One variant: configs/train/<variant>.json -> models/<variant>/, reports/curves/<variant>.csv.

Where it trains is said by cluster.yaml. The other variants that this `dvc repro` will come to
start together with the first; each stage then waits for its own.
"""

import sys
from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.errors import Refusal, one_line
from hdemucs.runs.fleet import Fleet
from hdemucs.runs.publish import publish
from hdemucs.runs.stale import stale_siblings
from hdemucs.runs.wait import wait
from hdemucs.runs.workspace import Workspace
from stages.arguments import variant


def main(name: str) -> None:
    """Starts a run, attaches to it, or collects it."""
    here = Workspace(Path.cwd())
    cluster = load_cluster(here.home)
    fleet = Fleet.of(here, cluster)
    run, others = here.run(name), []
    if not run.done:
        siblings = stale_siblings(name) if cluster.presubmit else []
        others = here.startable(siblings, name)
        for started in fleet.ensure([run, *others]):
            print(f"started {started.name} on {cluster.executor}", flush=True)
        wait(fleet, run, others, cluster.poll)
    now = here.identity(name)
    if now.key != run.identity.key:
        problem = f"changed while the run trained; its result stays in {run.folder}"
        cure = "undo the change to publish it, or run the same command again to train anew"
        raise Refusal(now.difference(run.identity), problem, cure)
    model = Path("models") / name
    publish(
        run,
        {
            "model.safetensors": model / "model.safetensors",
            "model.json": model / "model.json",
            "history.csv": Path("reports/curves") / f"{name}.csv",
        },
    )
    print(f"{name}: collected from {run.name}")


if __name__ == "__main__":
    name = variant(__doc__)
    try:
        with one_line():
            main(name)
    except KeyboardInterrupt:
        sys.exit(f"{name}: detached; its job goes on, and the next `dvc repro` attaches to it")
