"""One variant trained: configs/train/<variant>.json -> models/<variant>/, reports/{curves,runs}/.

cluster.yaml says where it trains. The other variants that this `dvc repro` will come to start
together with the first; each stage then waits for its own.
"""

from pathlib import Path

from hdemucs.runs.collect import Collector
from hdemucs.runs.dispatch import argument, stage_process
from hdemucs.runs.songs import training_songs
from hdemucs.runs.workspace import Workspace


def main(name: str) -> None:
    """Start a run, wait for it, or publish its result."""
    here = Workspace(Path.cwd())
    print(f"{name}: collected from {Collector(here, lambda: training_songs(here)).collect(name)}")


if __name__ == "__main__":
    name = argument(__doc__)
    said = f"{name}: detached; its job goes on, and the next `dvc repro` attaches to it"
    with stage_process(said):
        main(name)
