"""An official .th checkpoint into our form; no code from the file is run."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.model.store import save_model
from hdemucs.official.importing import import_official


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the .th file")
    parser.add_argument("--out", type=Path, help="folder to write; models/<file's name> if absent")


def run(args: argparse.Namespace) -> None:
    model, config, facts = import_official(args.file)
    folder = args.out or Path("models") / args.file.stem
    save_model(folder, model, config, facts)
    print(f"{args.file} -> {folder}")
