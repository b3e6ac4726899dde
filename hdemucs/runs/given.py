"""Another group's files for a variant, as the stages after `train` find them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.load import validated
from hdemucs.errors import UserError
from hdemucs.files import digest_of_folder, read_json
from hdemucs.report.runs import GivenFacts
from hdemucs.runs.workspace import Workspace

CARD = "given.json"  # in models/<variant>/: names and digests of the files


@dataclass(frozen=True)
class Given:
    """A folder of another group's files."""

    folder: Path
    sound_files: bool  # otherwise museval's JSON


def is_given(name: str, here: Workspace) -> bool:
    """Whether a variant consists of another group's estimates or scores."""
    return (here.root / "models" / name / CARD).exists()


def given_to(name: str) -> Given | None:
    """The files of a variant that others made; None for a variant with a model.

    Raises:
        UserError: the files have changed since the variant's `train` stage.
    """
    here = Workspace(Path.cwd())
    if not is_given(name, here):
        return None
    card = here.root / "models" / name / CARD
    known = validated(read_json(card, "run its `train` stage"), GivenFacts, str(card))
    folder = here.home / known.path
    if digest_of_folder(folder) != (known.files, known.sha256):
        cure = f"run `dvc repro -f -s train@{name}`, or put them back"
        raise UserError(folder, "holds other files than when it was taken into the study", cure)
    return Given(folder, sound_files=known.what == "sound files")
