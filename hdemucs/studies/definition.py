"""The definition of a study: reports/studies/<name>/study.yaml."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.errors import UserError
from hdemucs.study.params import Tree, read_params

SCALE = "study"  # the name of the scale in a study's project


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StudyConfig:
    """The systems that are compared, and the time that each may take."""

    title: str
    scale: str  # of params.yaml; its values are used unless `changes` says otherwise
    changes: dict[str, Any]  # to that scale
    variants: Annotated[tuple[str, ...], Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0)]  # of CPU time for each system's training steps
    epochs: Annotated[int, Field(ge=1)]  # into which the steps are divided
    says: str  # text about the results' meaning and limits: Markdown
    reasons: dict[str, str]  # why a system is below the static Wiener filter, by variant


def read_study(path: Path) -> StudyConfig:
    """Read a study's definition.

    Raises:
        UserError: the file is missing or wrong, or a reason is given for an unknown variant.
    """
    study = validated(read_params(path), StudyConfig, str(path))
    for name in study.reasons:
        if name not in study.variants:
            problem = "gives a reason for a system that the study does not have"
            raise UserError(f"{path}: reasons.{name}", problem, "correct or remove it")
    return study


def project(params: Tree, study: StudyConfig, steps: Mapping[str, int]) -> dict[str, Any]:
    """The study's params.yaml: it has its own scale, with every variant's steps per epoch.

    `steps` does not have variants that are not trained or not timed yet; these get one step.
    """
    out = copy.deepcopy(dict(params))
    scale, variants = study.scale, out["variants"]
    if scale not in out["scales"]:
        raise UserError(f"scale={scale}", "is no scale of params.yaml", "correct the study's file")
    out["scales"][SCALE] = merged(out["scales"][scale], study.changes)
    out["scale"], out["study"] = SCALE, list(study.variants)
    out["base"]["listening"]["systems"] = [study.variants[0]]  # there is no listening test
    for name, variant in variants.items():
        own = merged(variant.pop(SCALE, {}), variant.get(scale, {}))
        if variant.keys() & {"family", "fine_tune"}:  # variants that are trained
            loop = {"epochs": study.epochs, "steps_per_epoch": steps.get(name, 1)}
            own = merged(own, {"training": loop})
        variant[SCALE] = own
    return out


def merged(base: Tree, changes: Tree) -> dict[str, Any]:
    """`base` with `changes` merged into it; unlike in `changed`, keys may be new."""
    out = dict(base)
    for key, value in changes.items():
        old = out.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        out[key] = merged(old, value) if both and old is not None else value
    return out
