"""A model as the command line names it: a folder, or one of the study's variants."""

from __future__ import annotations

from pathlib import Path

from hdemucs.cli.parser import meant
from hdemucs.errors import UserError

MODELS = Path("models")
HELP = "a model's folder, or the name of a variant in models/"


def model_folder(name: str) -> Path:
    """The folder of a model.

    Raises:
        UserError: there is neither such a folder nor such a variant.
    """
    for folder in (Path(name), MODELS / name):
        if folder.is_dir():
            return folder
    if Path("configs", "train", f"{name}.json").exists():
        cure = f"run `dvc pull models/{name}`, or `dvc repro train@{name}`"
        raise UserError(MODELS / name, "is not here yet", cure)
    known = sorted(path.name for path in MODELS.glob("*") if path.is_dir())
    said = ", ".join(known) if known else "none"
    near = meant(name, known).removeprefix("; ")
    problem = "is no folder of a model, and no variant in models/"
    raise UserError(f"--model {name}", problem, near or f"name a folder, or one of: {said}")
