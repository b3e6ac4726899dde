"""The record of what a corpus' bytes depend on, written into its folder before the tracks."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.soundfont import Source
from hdemucs.corpus.track import PARTIAL
from hdemucs.errors import UserError
from hdemucs.files import read_json, unwritable, write_json
from hdemucs.meaning import of_package

PLAN, WHOLE = "plan.json", "corpus.json"
CURE = "remove the folder or choose another"


def description(config: CorpusConfig, soundfont: Source) -> dict[str, Any]:
    """Everything that the corpus' bytes depend on."""
    parameters = asdict(config)
    del parameters["soundfont"]  # its content matters, not its place
    return {
        "parameters": parameters,
        "soundfont": soundfont.sha256,
        "versions": {name: version(name) for name in ("numpy", "scipy")},
        "generator": generator(),
    }


def generator() -> str:
    """A digest of this package's code; comments and docstrings are no part of it."""
    return of_package(Path(__file__).parent)


def claim(root: Path, wanted: dict[str, Any]) -> None:
    """Make the folder that of this corpus; tracks of an older generator are deleted.

    Raises:
        UserError: the folder holds something else, or a corpus with other parameters.
    """
    found = occupant(root)
    if found is not None:
        for key in ("parameters", "soundfont"):
            if found.get(key) != wanted[key]:
                problem = f"holds a corpus of other {difference(found.get(key), wanted[key], key)}"
                raise UserError(root, problem, CURE)
        if found == wanted:
            return
        sys.stderr.write(f"{root}: made by other code or packages, all tracks are rendered anew\n")
        clear(root)
    write_json(root / PLAN, wanted)


def occupant(root: Path) -> dict[str, Any] | None:
    """What the corpus in the folder was made from; None if the folder is empty.

    Raises:
        UserError: the folder cannot be used, or holds something else than a corpus.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise unwritable(root, error) from error
    if not names:
        return None
    if PLAN not in names:
        raise UserError(root, f"holds {names[0]!r} and is no folder of the embedded corpus", CURE)
    found: dict[str, Any] = read_json(root / PLAN, CURE)
    return found


def clear(root: Path) -> None:
    """Delete what `render` writes, beginning with the record that it is complete."""
    (root / WHOLE).unlink(missing_ok=True)
    for name in ("train", "test", PARTIAL):
        shutil.rmtree(root / name, ignore_errors=True)


def difference(found: Any, wanted: Any, key: str) -> str:
    """The first parameter that differs, in words."""
    if not isinstance(found, dict) or not isinstance(wanted, dict):
        return f"{key} ({found}, not {wanted})"
    name = next(name for name in wanted if found.get(name) != wanted[name])
    return f"{key} (corpus.{name} {found.get(name)}, not {wanted[name]})"
