"""One variant trained: configs/train/<variant>.json -> models/<variant>/, reports/{curves,runs}/.

Where it trains is said by cluster.yaml. The other variants that this `dvc repro` will come to
start together with the first; each stage then waits for its own.
"""

import sys
from pathlib import Path

from hdemucs.automix.links import joined
from hdemucs.data.manifest import load_manifest
from hdemucs.datasets.place import check_present, where
from hdemucs.errors import one_line
from hdemucs.runs.collect import Collector
from hdemucs.runs.dispatch import variant
from hdemucs.runs.workspace import Workspace


def main(name: str) -> None:
    """Starts a run, attaches to it, or collects it."""
    here = Workspace(Path.cwd())
    print(f"{name}: collected from {Collector(here, lambda: root(here)).collect(name)}")


def root(here: Workspace) -> Path:
    """The data's root; the seconds of imports that rendering takes only where it has to be."""
    manifest = load_manifest(here.manifest)
    place = where(manifest.name, here.home)
    if place.is_dir():
        check_present(place, manifest)
    else:
        from hdemucs.runs.songs import songs

        place = songs()[1]
    mixes = here.root / "data" / "automix"
    return joined(place, mixes, here.home / "data" / "joined") if tuned(here) else place


def tuned(here: Workspace) -> bool:
    """Whether a variant of the study is fine-tuned."""
    return any(here.origin(name) is not None for name in here.trainings)


if __name__ == "__main__":
    name = variant(__doc__)
    try:
        with one_line():
            main(name)
    except KeyboardInterrupt:
        sys.exit(f"{name}: detached; its job goes on, and the next `dvc repro` attaches to it")
