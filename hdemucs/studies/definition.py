"""The definition of a study: reports/studies/<name>/study.yaml."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.errors import UserError
from hdemucs.study.params import Tree, read_params

SCALE = "study"  # the name of the scale in a study's project


TRAINED = ("family", "fine_tune")  # keys of variants that are trained


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CpuTime:
    """The same CPU time for every system's training steps, those of fine-tuning included."""

    kind: Literal["cpu_time"]
    seconds: Annotated[float, Field(gt=0)]
    epochs: Annotated[int, Field(ge=1)]  # into which the steps are divided

    def tried(self, number: int) -> CpuTime:
        """The same with so many seconds."""
        return replace(self, seconds=float(number))

    def loop(self, variant: Tree, steps: int) -> dict[str, int]:
        """What it sets of a variant's training, given the steps an epoch that fit."""
        trained = variant.keys() & set(TRAINED)
        return {"epochs": self.epochs, "steps_per_epoch": steps} if trained else {}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Steps:
    """The same number of steps for every training; fine-tuning has its own, from `changes`."""

    kind: Literal["steps"]
    steps: Annotated[int, Field(ge=1)]  # of an epoch
    epochs: Annotated[int, Field(ge=1)]

    def tried(self, number: int) -> Steps:
        """The same with so many steps an epoch."""
        return replace(self, steps=number)

    def loop(self, variant: Tree, _steps: int) -> dict[str, int]:
        """What it sets of a variant's training."""
        own = "family" in variant
        return {"epochs": self.epochs, "steps_per_epoch": self.steps} if own else {}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StudyConfig:
    """The systems that are compared, and what each may take."""

    title: str
    scale: str  # of params.yaml; its values are used unless `changes` says otherwise
    changes: dict[str, Any]  # to that scale
    variants: Annotated[tuple[str, ...], Field(min_length=1)]
    seeds: tuple[int, ...]  # of more trainings of every trained variant, beside its own seed
    budget: Annotated[CpuTime | Steps, Field(discriminator="kind")]
    shows: tuple[Literal["claims", "systems"], ...]  # tables of README.md, in their order
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


def rounds(params: Tree, study: StudyConfig) -> list[StudyConfig]:
    """The study without more seeds, then with one seed more in each round.

    Each is a study of its own, so that what is trained can be published while the rest trains. Bags
    wait for the round that has all their members.
    """
    known, out = params["variants"], []
    for count in range(len(study.seeds)):
        seeds = study.seeds[:count]
        there = {name: known.get(name, {}) for name in study.variants}
        names = there.keys() | seeded(there, seeds).keys()
        ready = [
            name
            for name, variant in there.items()
            if names.issuperset(variant.get("bag", {}).get("members", ()))
        ]
        out.append(replace(study, variants=tuple(ready), seeds=seeds))
    return [*out, study]


def project(params: Tree, study: StudyConfig, steps: Mapping[str, int]) -> dict[str, Any]:
    """The study's params.yaml: it has its own scale, with every variant's steps per epoch.

    `steps` does not have variants that are not trained or not timed yet; these get one step.
    """
    out = copy.deepcopy(dict(params))
    scale, variants = study.scale, out["variants"]
    if scale not in out["scales"]:
        raise UserError(f"scale={scale}", "is no scale of params.yaml", "correct the study's file")
    out["scales"][SCALE] = merged(out["scales"][scale], study.changes)
    names = {name: variants[name] for name in study.variants if name in variants}
    more = seeded(names, study.seeds)
    variants.update({name: each for name, each in more.items() if name not in variants})
    out["scale"], out["study"] = SCALE, [*study.variants, *more]
    out["base"]["listening"]["systems"] = [study.variants[0]]  # there is no listening test
    for name, variant in variants.items():
        own = merged(variant.pop(SCALE, {}), variant.get(scale, {}))
        loop = study.budget.loop(variant, steps.get(name, 1))
        variant[SCALE] = merged(own, {"training": loop}) if loop else own
    return out


def seeded(variants: Mapping[str, Tree], seeds: Sequence[int]) -> dict[str, Any]:
    """More trainings of every trained variant, named as params.yaml names them.

    That of `x` with seed 43 is `x_s43`; that of a fine-tuned `x_ft` is `x_s43_ft` and starts there.
    """
    out: dict[str, Any] = {}
    for seed in seeds:
        for name, variant in variants.items():
            row = {"seed_of": name}
            if "family" in variant:
                training = {**variant.get("training", {}), "seed": seed}
                out[f"{name}_s{seed}"] = {**variant, "row": row, "training": training}
            elif "fine_tune" in variant:
                origin = f"{variant['fine_tune']}_s{seed}"
                out[f"{origin}_ft"] = {**variant, "row": row, "fine_tune": origin}
    return copy.deepcopy(out)


def merged(base: Tree, changes: Tree) -> dict[str, Any]:
    """`base` with `changes` merged into it; unlike in `changed`, keys may be new."""
    out = dict(base)
    for key, value in changes.items():
        old = out.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        out[key] = merged(old, value) if both and old is not None else value
    return out
