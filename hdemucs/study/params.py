"""Read params.yaml, and apply the changes that one part of it makes to another."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from hdemucs.errors import UserError

Tree = Mapping[str, Any]


def read_params(path: Path) -> dict[str, Any]:
    """Read the file as YAML 1.2, as DVC does (PyYAML would read `1e-3` as a string).

    Raises:
        UserError: the file is missing, is not YAML, has a key twice or is not a mapping.
    """
    try:
        content = YAML(typ="safe").load(path)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", "run from the repository's root") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise UserError(f"{path}:{line}", f"{error.problem}", "correct the YAML") from error
    except YAMLError as error:
        raise UserError(path, f"is no YAML ({error})", "correct the file") from error
    if not isinstance(content, dict):
        raise UserError(path, "holds no mapping", "restore the file from git")
    return content


def changed(base: Tree, changes: Tree | None, where: str) -> dict[str, Any]:
    """The mapping `base` with the values of `changes`, merged level by level.

    Raises:
        UserError: `changes` names a key that `base` lacks.
    """
    for key in changes or {}:
        if key not in base:
            raise unknown(f"{where}.{key}", key, base)
    return {key: value_of(base, changes or {}, key, where) for key in base}


def value_of(base: Tree, changes: Tree, key: str, where: str) -> Any:
    """The value of a key: its change, merged into the base's value if both are mappings.

    A change to another `kind` replaces the base's mapping, because their keys differ.
    """
    if key not in changes:
        return base[key]
    old, new = base[key], changes[key]
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    if new.get("kind", old.get("kind")) != old.get("kind"):
        return new
    return changed(old, new, f"{where}.{key}")


def unknown(where: str, key: object, known: Iterable[object], kind: str = "parameter") -> UserError:
    """An error for an unknown key or value, which suggests the nearest known one."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(str(key), names, n=1)
    cure = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names))}"
    return UserError(where, f"is no known {kind}", cure)
