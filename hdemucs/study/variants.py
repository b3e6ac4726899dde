"""One variant's training and separation: its family's base with the variant's changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hdemucs.config.evaluation import ORACLES
from hdemucs.config.given import GIVEN
from hdemucs.config.listening import CONDITIONS
from hdemucs.errors import UserError
from hdemucs.study.params import Tree, changed, unknown

NAME = re.compile(r"[a-z0-9_]+")
OWN = ("model", "training", "separation")  # what a variant may change
FAMILY = (*OWN, "validation")  # what a family may change
KINDS = ("family", "fine_tune", "bag", *GIVEN)  # exactly one of these says what a variant is
TAKEN = dict.fromkeys(CONDITIONS, "a condition of listening tests") | dict.fromkeys(
    ORACLES, "an oracle"
)
ONE = "give it one of " + ", ".join(f"`{kind}`" for kind in KINDS)


def effective(base: Tree, scale: str, scales: Tree, variants: Tree, name: str) -> dict[str, Any]:
    """Merge the variant's `model`, `training`, `validation` and `separation`.

    Later values override earlier ones: base, its family in base, scale, its family in the scale,
    variant, the variant's own part for the scale. For a fine-tuning, all before the variant are the
    values of its origin, then base.fine_tuning, then the scale's fine_tuning.

    Raises:
        UserError: an unknown key, family or origin.
    """
    where = f"variants.{name}"
    variant = checked(variants[name], where, scales)
    parts = foundation(base, scale, scales, variants, name)
    own = variant.get(scale, {}) if scale not in KINDS else {}
    for layer, place in ((variant, where), (own, f"{where}.{scale}")):
        for part in OWN:
            parts[part] = changed(parts[part], layer.get(part), f"{place}.{part}")
    return parts


def foundation(base: Tree, scale: str, scales: Tree, variants: Tree, name: str) -> dict[str, Any]:
    """The settings to which a variant's own changes are applied."""
    variant, where = variants[name], f"variants.{name}"
    if "fine_tune" in variant:
        origin = known(variants, variant["fine_tune"], f"{where}.fine_tune", name)
        parts = effective(base, scale, scales, variants, origin)
        here = f"scales.{scale}.fine_tuning"
        changes = changed(base["fine_tuning"], scales[scale].get("fine_tuning"), here)
        return {**parts, "training": changed(parts["training"], changes, "base.fine_tuning")}
    if variant.keys() & {"bag", *GIVEN}:
        return {"model": {}, **shared(base, {f"scales.{scale}": scales[scale]})}
    family = variant["family"]
    if family not in base["families"]:
        raise unknown(f"{where}.family={family}", family, base["families"], "family")
    own, here = f"base.families.{family}", f"scales.{scale}.families.{family}"
    layers = {
        own: of_family(base, family, own),
        f"scales.{scale}": scales[scale],
        here: of_family(scales[scale], family, here),
    }
    model = changed(layers[own]["model"], layers[here].get("model"), f"{here}.model")
    return {"model": model, **shared(base, layers)}


def of_family(tree: Tree, family: str, where: str) -> dict[str, Any]:
    """What the base, or a scale, says about a family."""
    said = tree.get("families", {}).get(family) or {}
    for part in said:
        if part not in FAMILY:
            raise unknown(f"{where}.{part}", part, FAMILY)
    return dict(said)


def shared(base: Tree, layers: Mapping[str, Tree]) -> dict[str, Any]:
    """The parts that all families have, with the layers' changes in order; a layer's key is its
    place.
    """
    parts = {}
    for part in ("training", "validation", "separation"):
        value = base[part]
        for where, layer in layers.items():
            value = changed(value, layer.get(part), f"{where}.{part}")
        parts[part] = value
    return parts


def known(variants: Tree, other: Any, where: str, name: str) -> str:
    """Check that another variant can be made from this one: trained anew, or fine-tuned once.

    Raises:
        UserError: there is no such variant, it is a bag, or each is made from the other.
    """
    if other not in variants or other == name:
        raise unknown(
            f"{where}={other}", other, [key for key in variants if key != name], "variant"
        )
    trained = variants[other].keys() & {"family", "fine_tune"}
    if not trained or variants[other].get("fine_tune") == name:
        raise UserError(f"{where}={other}", "cannot be built upon", "name a trained variant")
    return str(other)


def checked(variant: Any, where: str, scales: Tree) -> dict[str, Any]:
    """A variant's mapping, after checking that it has no unknown key."""
    if not isinstance(variant, Mapping) or len(variant.keys() & set(KINDS)) != 1:
        raise UserError(where, "has no kind, or more than one", ONE)
    may = {*KINDS, "row", *OWN, *scales}
    for key in variant:
        if key not in may:
            raise unknown(f"{where}.{key}", key, may)
    for scale in scales.keys() - set(KINDS):  # a scale may be named like a kind, such as `released`
        changed(dict.fromkeys(OWN), variant.get(scale), f"{where}.{scale}")
    return dict(variant)


def check_names(study: list[str], variants: Tree) -> list[str]:
    """Check the study's variants and return them.

    Raises:
        UserError: there is none, or one twice; one is not defined, or its origin or member is
            not in the study; or DVC cannot use its name, or the name means another system.
    """
    if not study or len(set(study)) != len(study):
        raise UserError("study", "must list each of its variants once", "write e.g. [hybrid]")
    for name in variants:
        hold_name(str(name))
    for name in study:
        if name not in variants:
            raise unknown(f"study.{name}", name, variants, "variant")
        check_built_upon(name, study, variants)
    return study


def hold_name(name: str) -> None:
    """Refuse a name that DVC cannot use, or that already means another system."""
    if not NAME.fullmatch(name):
        problem = "is no name that a stage can have"
        raise UserError(f"variants.{name}", problem, "use a-z, 0-9 and _ only")
    if name in TAKEN:
        problem = f"is the name of {TAKEN[name]}: a name stands for one system"
        raise UserError(f"variants.{name}", problem, "give the variant another name")


def check_built_upon(name: str, study: list[str], variants: Tree) -> None:
    """Check that the variants whose finished models this one needs are in the study."""
    variant = variants[name]
    members = dict(variant.get("bag") or {}).get("members") or []
    for other in [*members, *([variant["fine_tune"]] if "fine_tune" in variant else [])]:
        if other not in study:
            problem = f"is built upon {other}, which is not in the study"
            raise UserError(f"study.{name}", problem, f"add {other} to the study")
