"""The study's songs, as every stage after `fetch` finds them."""

from pathlib import Path

from hdemucs.config.data import FetchConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import Manifest, load_manifest
from hdemucs.datasets.fetch import present
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs


def songs() -> tuple[Manifest, Path]:
    """The manifest, and the root of the data that it records.

    Raises:
        UserError: the data are not there, and what to type.
    """
    manifest = load_manifest(Path("data/manifest.json"))
    config = load(Path("configs/fetch.json"), FetchConfig)
    return manifest, present(manifest, config, Workspace(Path.cwd()).home, jobs())
