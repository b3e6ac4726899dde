"""Names of songs and files as people mean them: what a pattern chooses, which names are the same.

Names are compared in Unicode's composed form (NFC, Unicode Standard Annex 15): disks of a Mac give
accents as characters of their own, descriptions are typed with them composed.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from hdemucs.errors import UserError


def normal(name: str) -> str:
    """The form in which names are compared."""
    return unicodedata.normalize("NFC", name)


def literal(pattern: str, names: Iterable[str]) -> bool:
    """Whether a pattern is one of the names, letter by letter: then it means that one alone."""
    return normal(pattern) in map(normal, names)


def chosen(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that a pattern means: the one that it is, else those that it matches as a glob.

    So `Song [Live]` is the song of this name, though brackets are a set of letters in a glob.
    """
    wanted = normal(pattern)
    if literal(pattern, names):
        return [name for name in names if normal(name) == wanted]
    return [name for name in names if fnmatchcase(normal(name), wanted)]


def unmatched(key: str, pattern: str, names: Sequence[str], what: str) -> UserError:
    """A pattern that chooses nothing, with the nearest name that it may have meant."""
    near = difflib.get_close_matches(normal(pattern), map(normal, names), n=1)
    cure = f"did you mean {near[0]!r}?" if near else "correct or remove it"
    return UserError(key, f"{pattern!r} matches no {what}", cure)


def apart(names: Iterable[str], what: str) -> None:
    """Hold names apart.

    Raises:
        UserError: two differ only in how their accents are written.
    """
    first: dict[str, str] = {}
    for name in names:
        if first.setdefault(normal(name), name) != name:
            problem = f"has the name of another {what}, with accents written in another way"
            raise UserError(name, problem, "rename one of them")
