"""All configurations that follow from params.yaml: validated whole before any is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic.dataclasses import dataclass

from hdemucs.config.bag import BagConfig
from hdemucs.config.base import STRICT
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.listening import ListeningConfig, check_stimuli
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig, deciding
from hdemucs.files import digest, write_text
from hdemucs.registry import part
from hdemucs.study.params import Tree, changed, unknown
from hdemucs.study.sections import SECTIONS, Study
from hdemucs.study.variants import check_names, effective, known

# Parts that variants share.
SHARED = ("families", "training", "fine_tuning", "validation", "separation", "estimation")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Params:
    """params.yaml; `base` has one part a stage, and SHARED."""

    scale: str
    study: list[str]
    base: dict[str, Any]
    scales: dict[str, dict[str, Any]]
    variants: dict[str, dict[str, Any]]


def configurations(params: Tree) -> dict[str, Any]:
    """Path under configs/ -> content, for every stage and every variant of the study.

    All scales are checked, and all variants; those of the scale and the study are returned.

    Raises:
        UserError: the first parameter that is unknown, missing, of a wrong type or out of range.
    """
    found = read(params)
    return {scale: at_scale(found, scale) for scale in found.scales}[found.scale]


def train_configuration(params: Tree, scale: str, name: str) -> Any:
    """TrainConfig of any variant that is trained, at any scale, in the study or not.

    Raises:
        UserError: there is no such scale or variant, or it is a bag.
    """
    found = read({**params, "scale": scale})
    variant = known(found.variants, name, "variant", "")
    base = stages(found, scale)
    return training(variant, base, scale, found)


def at_scale(params: Params, scale: str) -> dict[str, Any]:
    names = check_names(params.study, params.variants)
    base = stages(params, scale)
    study = Study(scale, names, base, params.variants)
    out = {f"{name}.json": section(name, study) for name in SECTIONS}
    for name in params.variants:
        files = of_variant(name, base, scale, params)
        out.update(files if name in names else {})
    return out


def stages(params: Params, scale: str) -> dict[str, Any]:
    """The base with the scale's changes, but for the families': theirs come variant by variant.

    Raises:
        UserError: the scale changes what is not there.
    """
    where, changes = f"scales.{scale}", params.scales[scale]
    named = dict.fromkeys(changes.get("families", {}))
    changed(dict.fromkeys(params.base["families"]), named, f"{where}.families")
    rest = {key: value for key, value in changes.items() if key != "families"}
    return changed(params.base, rest, where)


def of_variant(name: str, base: Tree, scale: str, params: Params) -> dict[str, Any]:
    """A variant's two files."""
    parts = effective(params.base, scale, params.scales, params.variants, name)
    separated = separation(name, base, parts)
    if "bag" in params.variants[name]:
        trained = bag(name, base, scale, params)
    else:
        trained = training(name, base, scale, params)
    return {f"train/{name}.json": trained, f"separation/{name}.json": separated}


def read(params: Tree) -> Params:
    """The file's five parts.

    Raises:
        UserError: one is missing or of a wrong type, or the scale is none of the scales.
    """
    found = validated(dict(params), Params, "params.yaml")
    if found.scale not in found.scales:
        raise unknown(f"scale={found.scale}", found.scale, found.scales, "scale")
    changed(dict.fromkeys((*SHARED, *SECTIONS)), found.base, "base")  # no unknown part
    return found


def section(name: str, study: Study) -> Any:
    """One stage's part of the base, completed by what the whole study says."""
    kind, derived = SECTIONS[name]
    content = {**study.base[name], **derived(study)}
    config = validated(content, kind, name)
    if isinstance(config, ListeningConfig):
        check_stimuli(config, study.base["fetch"]["sample_rate"])
    return content


def training(name: str, base: Tree, scale: str, params: Params) -> Any:
    """TrainConfig of one variant."""
    parts = effective(params.base, scale, params.scales, params.variants, name)
    origin = params.variants[name].get("fine_tune")
    start = origin and {
        "variant": origin,
        "config": digest(deciding(training(origin, base, scale, params))),
    }
    trained = {key: value for key, value in parts["training"].items() if key != "per_source"}
    content = {
        "variant": name,
        "sample_rate": base["fetch"]["sample_rate"],
        "sources": base["fetch"]["sources"],
        "model": completed(parts["model"], base["fetch"]),
        "training": {**trained, "start_from": start},
        "validation": parts["validation"],
    }
    validated(content, TrainConfig, f"variants.{name}")
    return content


def completed(model: Tree, data: Tree) -> dict[str, Any]:
    """A model's configuration with what follows from the data."""
    known = {"sources": data["sources"], "audio_channels": data["channels"]}
    rate = {"sample_rate": data["sample_rate"]}
    wanted = {field.name for field in fields(part("model", model["kind"]).config)}
    return {**model, **known, **(rate if "sample_rate" in wanted else {})}


def bag(name: str, base: Tree, scale: str, params: Params) -> Any:
    """BagConfig of one variant."""
    where = f"variants.{name}.bag"
    said = changed({"members": [], "weights": None}, params.variants[name]["bag"], where)
    members = [known(params.variants, other, f"{where}.members", name) for other in said["members"]]
    content = {
        "kind": "bag",
        "variant": name,
        "members": {
            other: digest(deciding(training(other, base, scale, params))) for other in members
        },
        "weights": said["weights"],
    }
    validated(content, BagConfig, where)
    return content


def separation(name: str, base: Tree, parts: Tree) -> Any:
    """EstimationConfig of one variant."""
    content = {"variant": name, "separation": parts["separation"], **base["estimation"]}
    validated(content, EstimationConfig, f"variants.{name}")
    return content


def write_configurations(contents: Tree, folder: Path) -> None:
    """Every configuration, and no other file; one whose content stands already is left alone."""
    for path, content in contents.items():
        text = json.dumps(content, indent=2) + "\n"
        place = folder / path
        if not place.exists() or place.read_text() != text:
            write_text(place, text)
    for stray in sorted(folder.rglob("*.json")):
        if stray.relative_to(folder).as_posix() not in contents:
            stray.unlink()


def prune(folders: Mapping[Path, set[str]]) -> list[Path]:
    """Remove the outputs of variants that are no longer in the study; DVC leaves them behind.

    `folders` maps a folder to the names that may stay in it, without suffix. Returns what went.
    """
    gone = [
        entry
        for folder, names in folders.items()
        for entry in (sorted(folder.iterdir()) if folder.exists() else ())
        if entry.name != ".gitignore" and entry.name.split(".")[0] not in names
    ]
    for entry in gone:
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return gone
