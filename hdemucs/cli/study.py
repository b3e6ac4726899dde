"""Run a study of reports/studies/: train its systems alike, score and compare them."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.bounded import whole
from hdemucs.studies.page import write_pages
from hdemucs.studies.run import Study


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", help="of a folder reports/studies/NAME with a study.yaml, such as systems"
    )
    only = "make the pages again from the committed scores; train nothing"
    parser.add_argument("--pages", action="store_true", help=only)
    trial = "seconds of CPU time a system, or steps an epoch, in place of the file's: to try it"
    parser.add_argument("--trial", type=whole(1, 10**8), metavar="N", help=trial)


def run(args: argparse.Namespace) -> None:
    """Run the study; if it is started again after any kind of end, it continues from there."""
    study = Study(Path.cwd(), args.name, args.trial)
    for part in (study.config,) if args.pages else study.run():
        write_pages(study.name, part, study.out)
    print(f"open {study.out / 'README.md'}")
