"""Training runs: what there is and how far it is; what they print; cancel, prune."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.runs import manage
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.workspace import Workspace

NAMES = "runs or variants; a variant means its newest run"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=lists)
    acts = parser.add_subparsers(metavar="ACT")
    logs = acts.add_parser("logs", help="print what a run printed")
    logs.add_argument("name", help=NAMES)
    logs.set_defaults(act=prints)
    cancel = acts.add_parser("cancel", help="end jobs; the next `dvc repro` goes on from there")
    cancel.add_argument("names", nargs="+", metavar="name", help=NAMES)
    cancel.set_defaults(act=cancels)
    prune = acts.add_parser("prune", help="remove runs that no variant would use any more")
    prune.add_argument("names", nargs="*", metavar="name", help="these instead, current or not")
    prune.set_defaults(act=prunes)


def run(options: argparse.Namespace) -> None:
    here = Workspace(Path.cwd())
    fleet = Launcher.of(here, load_cluster(here.home), here.home / "data")  # nothing is started
    options.act(fleet, here, options)


def lists(fleet: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    manage.listing(fleet)


def prints(fleet: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    with manage.log_of(fleet, options.name).open(errors="replace") as log:
        shutil.copyfileobj(log, sys.stdout)


def cancels(fleet: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    for name in options.names:
        print(f"cancelled {manage.cancel(fleet, name).name}")


def prunes(fleet: Launcher, here: Workspace, options: argparse.Namespace) -> None:
    for gone in manage.prune(fleet, here, options.names):
        print(f"removed {gone.folder}")
