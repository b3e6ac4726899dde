"""One variant's effective training and separation: its family's base with its own changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hdemucs.errors import Refusal
from hdemucs.study.params import Tree, changed, unknown

NAME = re.compile(r"[a-z0-9_]+")
OWN = ("model", "training", "separation")  # what a variant may change


def effective(base: Tree, scale: str, scales: Tree, variants: Tree, name: str) -> dict[str, Any]:
    """The variant's `model`, `training`, `validation` and `separation`, merged.

    Order of precedence: base < scale < variant < the variant's own part for that scale.

    Raises:
        Refusal: an unknown key or family.
    """
    where = f"variants.{name}"
    variant = checked(variants[name], where, scales)
    family = variant["family"]
    if family not in base["models"]:
        raise unknown(f"{where}.family={family}", family, base["models"])
    parts = {
        "model": base["models"][family],
        "training": base["training"],
        "separation": base["separation"],
    }
    for layer, place in ((variant, where), (variant.get(scale, {}), f"{where}.{scale}")):
        for part in OWN:
            parts[part] = changed(parts[part], layer.get(part), f"{place}.{part}")
    return {**parts, "validation": base["validation"]}


def checked(variant: Any, where: str, scales: Tree) -> dict[str, Any]:
    """A variant's mapping, with no key in it that means nothing."""
    if not isinstance(variant, Mapping) or "family" not in variant:
        raise Refusal(where, "has no family", "give it `family: hybrid` or `family: waveform`")
    known = {"family", "row", *OWN, *scales}
    for key in variant:
        if key not in known:
            raise unknown(f"{where}.{key}", key, known)
    for scale in scales:
        changed(dict.fromkeys(OWN), variant.get(scale), f"{where}.{scale}")
    return dict(variant)


def check_names(study: list[str], variants: Tree) -> list[str]:
    """The study's variants.

    Raises:
        Refusal: none or one twice, one that is not defined, or a name that DVC cannot carry.
    """
    if not study or len(set(study)) != len(study):
        raise Refusal("study", "must list each of its variants once", "write e.g. [hybrid]")
    for name in variants:
        if not NAME.fullmatch(str(name)):
            problem = "is no name that a stage can have"
            raise Refusal(f"variants.{name}", problem, "use a-z, 0-9 and _ only")
    for name in study:
        if name not in variants:
            raise unknown(f"study.{name}", name, variants)
    return study
