"""The texts of the page: one file per language, and the experimenter's own texts in their place."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError
from hdemucs.files import read_json

TEXTS = Path(__file__).parents[1] / "page" / "texts"
LANGUAGES = tuple(sorted(path.stem for path in TEXTS.glob("*.json")))


def texts(language: str) -> dict[str, Any]:
    """All texts of a language.

    Raises:
        UserError: there is no such language.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UserError(
            f"language {language}", "is not there", f"choose one of {known}, or --texts"
        )
    return dict(read_json(TEXTS / f"{language}.json", "restore it"))


def load_texts(path: Path) -> dict[str, Any]:
    """Read the experimenter's own texts: any keys of `texts`, with the same {placeholders}.

    Raises:
        UserError: a key is unknown or has another form, or a placeholder is never filled.
    """
    own, known = read_json(path, "write it as JSON"), texts("en")
    check(own, known, path, "")
    return dict(own)


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values that `own` has, key by key."""
    deeper = {key: merged(base.get(key, {}), own[key]) for key in own if isinstance(own[key], dict)}
    return {**base, **own, **deeper}


def check(own: Any, known: Any, path: Path, place: str) -> None:
    """Raises: UserError: `own` is not of the form of `known`."""
    if type(own) is not type(known):
        problem = f"has a {type(own).__name__} at {place or 'the top'}"
        raise UserError(path, problem, f"write a {type(known).__name__} as in {TEXTS / 'en.json'}")
    if isinstance(own, dict):
        for key, value in own.items():
            if key not in known and place != ".sources":
                problem = f"has {place}.{key}, which is no text of the page"
                raise UserError(path, problem, f"choose keys of {TEXTS / 'en.json'}")
            check(value, known.get(key, ""), path, f"{place}.{key}")
    elif extra := fields(own) - fields(known):
        raise UserError(path, f"has {{{extra.pop()}}} at {place}", "nothing fills it: remove it")


def fields(text: Any) -> set[str]:
    """The placeholders in a text, or in a list of texts."""
    whole = text if isinstance(text, str) else " ".join(text)
    return {name for _, name, _, _ in string.Formatter().parse(whole) if name}
