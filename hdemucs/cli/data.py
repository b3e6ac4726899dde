"""Show what data there are; `verify PATH`: check that a folder in MUSDB18-HQ's layout is complete.

`pin`: store the digests of MUSDB18-HQ's files in the package, by which it is recognised afterwards.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hdemucs.config.data import FetchConfig
from hdemucs.config.load import load
from hdemucs.data import musdb18
from hdemucs.data.manifest import load_manifest
from hdemucs.data.musdb18 import pin
from hdemucs.datasets.show import show
from hdemucs.datasets.verify import verify
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs

MANIFEST = Path("data/manifest.json")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=["show", "verify", "pin"], default="show")
    parser.add_argument("path", nargs="?", type=Path, help="the folder to verify")


def run(args: argparse.Namespace) -> None:
    config = load(Path("configs/fetch.json"), FetchConfig)
    if args.action == "show":
        print(show(load_manifest(MANIFEST), config.residual, Workspace(Path.cwd()).home))
        return
    if args.action == "pin":
        print(f"wrote {pin(load_manifest(MANIFEST), Path(musdb18.__file__).parent)}; commit it")
        return
    if args.path is None:
        sys.exit("error: hdemucs data verify: no folder is named; say `hdemucs data verify PATH`")
    known = load_manifest(MANIFEST) if MANIFEST.exists() else None
    verdict = verify(args.path, config.sources, config.residual, known, jobs())
    print(verdict)
    sys.exit(not verdict.good)
