"""Models that others published, by name: what `released:` of a variant may ask for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from hdemucs.config.given import TEST_SONGS
from hdemucs.errors import UserError
from hdemucs.study.params import Tree, unknown

USUAL = "MUSDB18-HQ"
CURE = "write `{bag: <name>}` or `{model: <signature>}`, with a name of hdemucs/study/released.toml"


@cache
def catalogue() -> dict[str, Any]:
    return tomllib.loads(files("hdemucs.study").joinpath("released.toml").read_text("utf-8"))


def released(asked: Any, where: str) -> dict[str, Any]:
    """What a configuration says of a released model or bag: its files, weights and training data.

    Raises:
        UserError: there is none of that name.
    """
    match asked:
        case {"bag": str(name)} if len(asked) == 1:
            bag = chosen(name, catalogue()["bags"], f"{where}.bag")
        case {"model": str(name)} if len(asked) == 1:
            chosen(name, catalogue()["files"], f"{where}.model")
            bag = {"members": [name]}
        case _:
            raise UserError(where, "is neither a bag nor a model", CURE)
    trained = [catalogue()["trained_on"].get(member, USUAL) for member in bag["members"]]
    roots = {catalogue()["files"][member]["root"] for member in bag["members"]}
    return {
        "name": name,
        "authors": "; ".join(sorted(catalogue()["authors"][root] for root in roots)),
        "trained_on": TEST_SONGS if TEST_SONGS in trained else "; ".join(sorted(set(trained))),
        "files": {member: file_of(member) for member in bag["members"]},
        "weights": bag.get("weights"),
    }


def chosen(name: str, known: Tree, where: str) -> Any:
    if name not in known:
        raise unknown(f"{where}={name}", name, known, "released model")
    return known[name]


def file_of(signature: str) -> dict[str, str]:
    """A model's file, where it lies, and the digits in its name."""
    entry = catalogue()["files"][signature]
    stem = str(entry["file"]).rsplit(".", 1)[0]
    digits = stem.split("-")[1] if "-" in stem else ""
    url = catalogue()["roots"][entry["root"]] + entry["file"]
    return {"file": entry["file"], "url": url, "digits": digits}


def like(signature: str) -> tuple[str, bool]:
    """The variant whose network is like a released one, at the paper's scale; whether it is known.

    Where it is not known, the hybrid is assumed.
    """
    told = catalogue()["like"].get(signature)
    return told or "hybrid", told is not None
