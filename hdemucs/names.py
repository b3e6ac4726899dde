"""Names of songs and files: which names a pattern matches, and which names are the same.

Names are compared in Unicode's composed form (NFC, Unicode Standard Annex 15): disks of macOS store
accents as separate characters, and people type composed ones.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from hdemucs.errors import UserError


def normal(name: str) -> str:
    """The form of a name that is compared."""
    return unicodedata.normalize("NFC", name)


def literal(pattern: str, names: Iterable[str]) -> bool:
    """Whether a pattern is exactly one of the names; it then means that name only."""
    return normal(pattern) in map(normal, names)


def chosen(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that a pattern means: the name that equals it, or else all that it matches as a
    glob.

    So `Song [Live]` means the song of that name, although brackets mean a set of characters in a
    glob.
    """
    wanted = normal(pattern)
    if literal(pattern, names):
        return [name for name in names if normal(name) == wanted]
    return [name for name in names if fnmatchcase(normal(name), wanted)]


def unmatched(key: str, pattern: str, names: Sequence[str], what: str) -> UserError:
    """The error for a pattern that matches nothing; it suggests the nearest name."""
    near = difflib.get_close_matches(normal(pattern), map(normal, names), n=1)
    cure = f"did you mean {near[0]!r}?" if near else "correct or remove it"
    return UserError(key, f"{pattern!r} matches no {what}", cure)


def apart(names: Iterable[str], what: str) -> None:
    """Check that names can be told apart.

    Raises:
        UserError: two names differ only in how their accents are encoded.
    """
    first: dict[str, str] = {}
    for name in names:
        if first.setdefault(normal(name), name) != name:
            problem = f"has the name of another {what}, with accents written in another way"
            raise UserError(name, problem, "rename one of them")
