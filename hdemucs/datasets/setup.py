"""The `setup.yaml` that tells `musdb.DB` a data set's sources and validation tracks."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hdemucs.errors import UserError

NAME = "setup.yaml"


def validation_tracks(root: Path) -> tuple[str, ...]:
    """The names under `validation_tracks`.

    Raises:
        UserError: the file is missing or has no such list.
    """
    path = root / NAME
    try:
        names = YAML(typ="safe").load(path)["validation_tracks"]
        return tuple(str(name) for name in names)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", "make the data again") from error
    except (YAMLError, KeyError, TypeError) as error:
        raise UserError(path, "has no list `validation_tracks`", "make the data again") from error
