"""The study's songs, as every stage after `fetch` finds them."""

from __future__ import annotations

from pathlib import Path

from hdemucs.automix.links import joined
from hdemucs.config.data import FetchConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import Manifest, load_manifest
from hdemucs.datasets.place import check_present, where
from hdemucs.datasets.present import present
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs


def songs() -> tuple[Manifest, Path]:
    """The manifest, and the root folder of the data that it describes.

    Raises:
        UserError: the data are not there; it says which command fetches them.
    """
    manifest = load_manifest(Path("data/manifest.json"))
    config = load(Path("configs/fetch.json"), FetchConfig)
    return manifest, present(manifest, config, Workspace(Path.cwd()).home, jobs())


def training_songs(here: Workspace) -> Path:
    """The root of the songs that variants train on; mixes are included if one is fine-tuned.

    Raises:
        UserError: the data are not there; it says which command fetches them.
    """
    manifest = load_manifest(here.manifest)
    place = where(manifest.name, here.home)
    if place.is_dir():
        check_present(place, manifest)
    else:
        place = songs()[1]
    mixes = here.root / "data" / "automix"
    tuned = any(here.origin(name) is not None for name in here.trainings)
    return joined(place, mixes, here.home / "data" / "joined") if tuned else place
