"""Training runs: list them and their progress; submit, logs, cancel, prune."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from hdemucs.config.cluster import load_cluster
from hdemucs.errors import UserError
from hdemucs.runs import manage
from hdemucs.runs.launcher import Launcher
from hdemucs.runs.songs import training_songs
from hdemucs.runs.submit import submit
from hdemucs.runs.workspace import Workspace

NAMES = "runs or variants; a variant means its newest run"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=lists)
    acts = parser.add_subparsers(metavar="ACT")
    submits = acts.add_parser("submit", help="start all trainings that `dvc repro` would need")
    submits.add_argument(
        "names", nargs="*", metavar="variant", help="names of variants; none: all of the study"
    )
    submits.set_defaults(act=starts)
    logs = acts.add_parser("logs", help="print a run's log")
    logs.add_argument("name", help=NAMES)
    logs.set_defaults(act=prints)
    cancel = acts.add_parser(
        "cancel", help="end jobs; the next `dvc repro` resumes from their checkpoints"
    )
    cancel.add_argument("names", nargs="+", metavar="name", help=NAMES)
    cancel.set_defaults(act=cancels)
    prune = acts.add_parser("prune", help="remove runs that no variant would use any more")
    prune.add_argument(
        "names", nargs="*", metavar="name", help="remove these runs instead, whether needed or not"
    )
    prune.add_argument(
        "--finished", action="store_true", help="also remove finished runs of other settings"
    )
    prune.add_argument("--yes", action="store_true", help="do not ask")
    prune.set_defaults(act=prunes)


def run(options: argparse.Namespace) -> None:
    here = Workspace(Path.cwd())
    launcher = Launcher.of(here, load_cluster(here.home), here.home / "data")  # this starts nothing
    options.act(launcher, here, options)


def lists(launcher: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    manage.listing(launcher)


def starts(launcher: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    for line in submit(here, options.names, lambda: training_songs(here)):
        print(line)


def prints(launcher: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    with manage.log_of(launcher, options.name).open(errors="replace") as log:
        shutil.copyfileobj(log, sys.stdout)


def cancels(launcher: Launcher, here: Workspace, options: argparse.Namespace) -> None:  # noqa: ARG001
    """Cancel every named run that has a job, whatever the state of the others."""
    refused = 0
    for name in options.names:
        try:
            print(f"cancelled {manage.cancel(launcher, name).name}")
        except UserError as error:
            refused += 1
            sys.stderr.write(f"error: {error}\n")
    if refused:
        sys.exit(1)


def prunes(launcher: Launcher, here: Workspace, options: argparse.Namespace) -> None:
    """Show what would be deleted, with its size, and ask before deleting it."""
    found = manage.prunable(launcher, here, options.names, finished=options.finished)
    for each in found:
        print(f"{megabytes(manage.size(each)):>10}  {each.folder}")
    if not found:
        print("nothing to remove; --finished looks at finished runs of other settings as well")
        return
    total = megabytes(sum(manage.size(each) for each in found))
    if not (options.yes or agreed(f"remove {len(found)} run(s), {total}? [y/N] ")):
        print("nothing was removed")
        return
    for gone in manage.prune(launcher, found):
        print(f"removed {gone.folder}")


def agreed(question: str) -> bool:
    """A person's answer at the terminal; no, if there is no terminal."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
