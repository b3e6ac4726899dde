"""The parts that a configuration chooses by `kind`: parts.toml names module and object of each."""

from __future__ import annotations

import difflib
import importlib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError

FILE = Path(__file__).with_name("parts.toml")


@cache
def places() -> Mapping[str, Mapping[str, str]]:
    """Content of parts.toml: place -> kind -> "module:name"."""
    return tomllib.loads(FILE.read_text())


def address(place: str, kind: str) -> tuple[str, str]:
    """The module of a part, and the name in it.

    Raises:
        UserError: there is no such kind at this place.
    """
    known = places()[place]
    if kind not in known:
        near = difflib.get_close_matches(str(kind), known, n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        raise UserError(f"{place}.kind={kind}", f"is no known {place}", cure)
    module, _, name = known[kind].partition(":")
    return module, name


def part(place: str, kind: str) -> Any:
    """The object of a part; its module is imported now.

    Raises:
        UserError: there is no such kind at this place.
    """
    module, name = address(place, kind)
    return getattr(importlib.import_module(module), name)


def modules_of(config: Any, place: str = "") -> Iterator[str]:
    """The modules of all parts that a configuration (JSON values) chooses, at any depth of it."""
    if isinstance(config, Mapping):
        if place in places() and "kind" in config:
            yield address(place, config["kind"])[0]
        for key, value in config.items():
            yield from modules_of(value, key)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from modules_of(value, place)
