"""The data: configs/fetch.json -> data/manifest.json; the songs are outside of DVC."""

from pathlib import Path

from hdemucs.config.data import FetchConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import save_manifest
from hdemucs.datasets.fetch import fetch
from hdemucs.datasets.summary import summary
from hdemucs.errors import ending, one_line
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs


def main() -> None:
    """Render, verify, download or convert the data, as configured."""
    config = load(Path("configs/fetch.json"), FetchConfig)
    manifest = fetch(config, Workspace(Path.cwd()).home, jobs())
    save_manifest(manifest, Path("data/manifest.json"))
    print(summary(manifest))


if __name__ == "__main__":
    with ending(), one_line():
        main()
