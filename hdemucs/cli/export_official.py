"""Write one of our models as a .th file that the official package loads."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.models.demucs.official.exporting import export_official


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="folder of the model")
    parser.add_argument("file", type=Path, help="the new .th file to write")


def run(args: argparse.Namespace) -> None:
    """Export a model.

    Raises:
        UserError: the file exists already, or the model cannot be exported.
    """
    if args.file.exists():
        raise UserError(args.file, "is there already", "remove it, or name another")
    export_official(args.model, args.file)
    print(f"{args.model} -> {args.file}")
