"""One of our models as a .th file that the official package loads."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.official.exporting import export_official


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="folder of the model")
    parser.add_argument("file", type=Path, help="the .th file to write")


def run(args: argparse.Namespace) -> None:
    export_official(args.model, args.file)
    print(f"{args.model} -> {args.file}")
