"""All configurations that follow from params.yaml: validated whole before any is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.ensemble import variant_of
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.listening import ListeningConfig, check_stimuli
from hdemucs.config.load import validated
from hdemucs.datasets.originals import Listed
from hdemucs.files import write_text
from hdemucs.study.params import Tree, changed, unknown
from hdemucs.study.sections import SECTIONS, STEMS, Study
from hdemucs.study.trainings import Trainings
from hdemucs.study.variants import check_names, known

# Parts that variants share.
SHARED = ("families", "training", "fine_tuning", "validation", "separation", "estimation")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Params:
    """params.yaml; `base` has one part a stage, and SHARED."""

    scale: str
    study: list[str]
    own: dict[str, Listed]
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

    Where each source has a training of its own: that of `<variant>.<source>`, or the first.

    Raises:
        UserError: there is no such scale or variant, or it is a bag.
    """
    found = read({**params, "scale": scale})
    variant = known(found.variants, variant_of(name), "variant", "")
    own = trainings(found, scale).of(variant)
    return own.get(name) or next(iter(own.values()))


def trainings(params: Params, scale: str) -> Trainings:
    return Trainings(params.base, scale, params.scales, params.variants)


def at_scale(params: Params, scale: str) -> dict[str, Any]:
    names = check_names(params.study, params.variants)
    base = stages(params, scale)
    study = Study(scale, names, base, params.variants, params.own)
    out = {f"{name}.json": section(name, study) for name in SECTIONS}
    asked = trainings(params, scale)
    # Variants name sources, in bags' weights for one: outside the study they are checked only where
    # the data have the sources that the file's own variants are written for.
    usual = list(base["fetch"]["sources"]) == list(STEMS)
    for name in params.variants if usual else names:
        files = of_variant(name, base, asked)
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


def of_variant(name: str, base: Tree, asked: Trainings) -> dict[str, Any]:
    """A variant's files: what it is, each of its own trainings, and how it separates."""
    trained = {f"train/{key}.json": each for key, each in asked.configurations(name).items()}
    return {**trained, f"separation/{name}.json": separation(name, base, asked.parts(name))}


def read(params: Tree) -> Params:
    """The file's six parts.

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


def separation(name: str, base: Tree, parts: Tree) -> Any:
    """EstimationConfig of one variant."""
    separated = {key: value for key, value in parts["separation"].items() if key != "post"}
    post = parts["separation"]["post"]
    content = {"variant": name, "separation": separated, "post": post, **base["estimation"]}
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
