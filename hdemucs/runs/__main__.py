"""List the runs: python -m hdemucs.runs."""

from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.errors import one_line
from hdemucs.runs.fleet import Fleet
from hdemucs.runs.manage import listing
from hdemucs.runs.workspace import Workspace

if __name__ == "__main__":
    with one_line():
        here = Workspace(Path.cwd())
        listing(Fleet.of(here, load_cluster(here.home)))
