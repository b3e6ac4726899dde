"""Run a study of reports/studies/: train its systems for equal CPU time, score and compare them."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.bounded import real
from hdemucs.studies.page import write_pages
from hdemucs.studies.run import Study


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", help="of a folder reports/studies/NAME with a study.yaml, such as systems"
    )
    only = "make the pages again from the committed scores; train nothing"
    parser.add_argument("--pages", action="store_true", help=only)
    trial = "of CPU time a system, in place of the file's: to try it"
    parser.add_argument("--seconds", type=real(0.1, 1e8), metavar="N", help=trial)


def run(args: argparse.Namespace) -> None:
    """Run the study; if it is started again after any kind of end, it continues from there."""
    study = Study(Path.cwd(), args.name)
    if not args.pages:
        study.run(args.seconds)
    write_pages(study.name, study.config, study.out)
    print(f"open {study.out / 'README.md'}")
