"""The originals of a user's own data set, for DVC: its description and all files' digests.

params.yaml lists each such data set, so that `dvc repro` notices when either changes:

own:
  my_band: {description: my-band.yaml, songs: stems}    # `songs`: the description's `root`
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.data import OwnConfig
from hdemucs.datasets.own import load_own
from hdemucs.errors import UserError
from hdemucs.files import sha256


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Listed:
    """An entry of `own`."""

    description: str  # a YAML file, relative to the repository
    songs: str  # the folder that it describes, relative to the repository, or absolute


def originals(name: str, listed: Listed) -> dict[str, Any]:
    """The description, and SHA-256 by path of every file of its folder.

    Raises:
        UserError: the description is missing or wrong, or describes another folder.
    """
    own, root = load_own(Path(listed.description)), Path(listed.songs)
    if Path(own.root).resolve() != root.resolve():
        problem = f"is {listed.songs}, but {listed.description} describes {own.root}"
        raise UserError(f"own.{name}.songs", problem, "write the same folder in both")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {
        "description": TypeAdapter(OwnConfig).dump_python(own, mode="json"),
        "files": {path.relative_to(root).as_posix(): sha256(path) for path in files},
    }


def check_listed(description: str, own: Mapping[str, Listed]) -> None:
    """Check that a data set's description is listed in `own`.

    Raises:
        UserError: it is not, so DVC would not notice its changes.
    """
    if all(Path(each.description) != Path(description) for each in own.values()):
        root = load_own(Path(description)).root
        line = f"{{my_songs: {{description: {description}, songs: {root}}}}}"
        cure = f"add a line for it, such as `own: {line}`: so `dvc repro` sees its changes"
        raise UserError(description, "is not listed under `own` in params.yaml", cure)
