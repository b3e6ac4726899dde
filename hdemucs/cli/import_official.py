"""Convert an official .th checkpoint to our format; no code from the file is run."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.store import save_model
from hdemucs.runs.workspace import Workspace


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the .th file")
    parser.add_argument(
        "--out", type=Path, help="new folder to write; models/<file's name> if absent"
    )


def run(args: argparse.Namespace) -> None:
    """Import a checkpoint.

    Raises:
        UserError: the folder is a variant's or not empty, or the file cannot be imported.
    """
    folder = args.out or Path("models") / args.file.stem
    here = Workspace(Path.cwd().resolve())
    if folder.resolve().parent == here.root / "models" and here.config(folder.name).exists():
        problem = "is where the study keeps what it trains under that name"
        raise UserError(folder, problem, "name another folder with --out")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UserError(folder, "is there already", "remove it, or name another with --out")
    save_model(folder, *import_official(args.file))
    print(f"{args.file} -> {folder}")
