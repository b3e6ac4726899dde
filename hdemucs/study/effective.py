"""All configurations that follow from params.yaml; all are checked before any is written."""

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

# The parts of `base` that variants share.
SHARED = ("families", "training", "fine_tuning", "validation", "separation", "estimation")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Params:
    """The content of params.yaml; `base` has one part for each stage, and those of SHARED."""

    scale: str
    study: list[str]
    own: dict[str, Listed]
    base: dict[str, Any]
    scales: dict[str, dict[str, Any]]
    variants: dict[str, dict[str, Any]]


def configurations(params: Tree) -> dict[str, Any]:
    """Path under configs/ -> content, for every stage and every variant of the study.

    All scales and all variants are checked; those of the chosen scale and study are returned.

    Raises:
        UserError: a parameter is unknown, missing, of a wrong type or out of range; the first is
        named.
    """
    found = read(params)
    return {scale: at_scale(found, scale) for scale in found.scales}[found.scale]


def train_configuration(params: Tree, scale: str, name: str) -> Any:
    """The TrainConfig of any trained variant, at any scale, whether in the study or not.

    If each source has its own training, `name` may be `<variant>.<source>`; a variant's name means
    its first one.

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
    # Variants name sources, for example in bags' weights. So those outside of the study are checked
    # only if the data have the sources that params.yaml's own variants are written for.
    usual = list(base["fetch"]["sources"]) == list(STEMS)
    for name in params.variants if usual else names:
        files = of_variant(name, base, asked)
        out.update(files if name in names else {})
    return out


def stages(params: Params, scale: str) -> dict[str, Any]:
    """The base with the scale's changes, except those of families, which are made per variant.

    Raises:
        UserError: the scale changes a key that the base does not have.
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
    """Read the six parts of params.yaml.

    Raises:
        UserError: a part is missing or of a wrong type, or the scale is unknown.
    """
    found = validated(dict(params), Params, "params.yaml")
    if found.scale not in found.scales:
        raise unknown(f"scale={found.scale}", found.scale, found.scales, "scale")
    changed(dict.fromkeys((*SHARED, *SECTIONS)), found.base, "base")  # no unknown part
    return found


def section(name: str, study: Study) -> Any:
    """One stage's part of the base, with the settings that follow from the whole study."""
    kind, derived = SECTIONS[name]
    content = {**study.base[name], **derived(study)}
    config = validated(content, kind, name)
    if isinstance(config, ListeningConfig):
        check_stimuli(config, study.base["fetch"]["sample_rate"])
    return content


def separation(name: str, base: Tree, parts: Tree) -> Any:
    """The EstimationConfig of one variant."""
    separated = {key: value for key, value in parts["separation"].items() if key != "post"}
    post = parts["separation"]["post"]
    content = {"variant": name, "separation": separated, "post": post, **base["estimation"]}
    validated(content, EstimationConfig, f"variants.{name}")
    return content


def write_configurations(contents: Tree, folder: Path) -> None:
    """Write all configurations and delete all other files; equal content is not written again."""
    for path, content in contents.items():
        text = json.dumps(content, indent=2) + "\n"
        place = folder / path
        if not place.exists() or place.read_text() != text:
            write_text(place, text)
    for stray in sorted(folder.rglob("*.json")):
        if stray.relative_to(folder).as_posix() not in contents:
            stray.unlink()


def prune(folders: Mapping[Path, set[str]]) -> list[Path]:
    """Delete the outputs of variants that are no longer in the study, which DVC leaves behind.

    `folders` maps a folder to the names, without suffix, that may stay in it. Returns what it
    deleted.
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
