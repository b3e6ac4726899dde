"""Read what the official `serialize_model` wrote; types are checked before use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .pickles import Global, Hostile
from .settings import FIXED, TRANSLATED

KNOWN_BESIDE = {"sources", "samplerate", "segment", "rescale", "emb_smooth"}
LONGEST = 100  # characters of a text, and values of a list
LARGEST = 1_000_000  # Hz or seconds


def package(content: Any) -> tuple[Global, dict[str, Any], Mapping[Any, Any]]:
    """The model's class, its arguments by name, and its state.

    Raises:
        Hostile: it is no such package, or an argument is no plain value.
    """
    match content:
        case {"klass": Global() as kind, "args": args, "kwargs": dict() as kwargs,
              "state": dict() as state}:  # fmt: skip
            given = {**unnamed(args), **kwargs}
        case _:
            raise Hostile("it is no package of the official demucs")
    if kind in TRANSLATED:
        check(given)
    return kind, given, state


def check(given: dict[Any, Any]) -> None:
    """Check the arguments and the list of sources.

    Raises:
        Hostile: an argument has no name or no plain value, or there are no sources.
    """
    for name, value in given.items():
        if not (isinstance(name, str) and name.isidentifier() and len(name) < LONGEST):
            raise Hostile("its model has an argument whose name is none")
        if not is_plain(value):
            raise Hostile(f"its argument {name} is no plain value")
    sources = given.get("sources")
    if not isinstance(sources, list | tuple) or not all(is_source(s) for s in sources):
        raise Hostile("its model has no list of sources")


def unnamed(args: Any) -> dict[str, Any]:
    """Positional arguments by name: official files have none, or the sources only."""
    match args:
        case ():
            return {}
        case (sources,):
            return {"sources": sources}
        case _:
            raise Hostile("its args are not those of an official model")


def is_plain(value: Any) -> bool:
    """A number, a short text, None, or a short list of these."""
    flat = value if isinstance(value, list | tuple) else [value]
    texts = [v for v in flat if isinstance(v, str)]
    return (
        len(flat) <= LONGEST
        and all(isinstance(v, str | int | float | None) for v in flat)
        and all(len(text) <= LONGEST and text.isprintable() for text in texts)
    )


def is_source(value: Any) -> bool:
    """Whether a value is a source's name that is safe in a file name."""
    return isinstance(value, str) and value.strip(". ") == value != "" and not {*value} & {*"/\\:"}


def facts_of(kind: Global, given: dict[str, Any], path: Path) -> dict[str, Any]:
    """What the official model says of itself, other than its architecture.

    Raises:
        Hostile: its sample rate or segment is impossible.
    """
    return {
        "origin": f"{kind} in {path.name}",
        "sample_rate": number(given.get("samplerate", 44_100), "samplerate", (int,)),
        "segment": number(given.get("segment", 40), "segment", (int, float)),
        "dropped": sorted(given.keys() - TRANSLATED[kind] - FIXED[kind].keys() - KNOWN_BESIDE),
    }


def number(value: Any, name: str, kinds: tuple[type, ...]) -> int | float:
    if type(value) in kinds and 0 < value < LARGEST:
        return value
    raise Hostile(f"its model has {name}={value!r}")
