"""Several trainings as one system; a single training is a system of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.given import GIVEN
from hdemucs.files import read_json

CURE = "run `dvc repro resolve`, which writes it from params.yaml"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MemberConfig:
    """One training of an ensemble."""

    config: str  # SHA-256 of everything that decides its weights
    weights: Annotated[
        dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]], Field(min_length=1)
    ]  # weights of its estimates, by source; only their ratios matter


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EnsembleConfig:
    """configs/train/<variant>.json of a bag, or of a variant with one training per source."""

    kind: Literal["ensemble"]
    variant: str
    members: Annotated[dict[str, MemberConfig], Field(min_length=1)]  # by training


def members_of(path: Path) -> tuple[str, ...]:
    """The names of the trainings that a variant consists of, from its configuration's file.

    Raises:
        UserError: the file is missing or damaged.
    """
    return members(path.stem, read_json(path, CURE))


def members(name: str, content: object) -> tuple[str, ...]:
    """The same, from the file's content; empty for models, estimates or scores that others made."""
    said = content if isinstance(content, dict) else {}
    if said.get("kind") in GIVEN:
        return ()
    return tuple(said.get("members") or (name,))


def kind_of(path: Path) -> str:
    """What a variant is: `released`, `estimates`, `scores` or `trained`.

    Raises:
        UserError: the file is missing or damaged.
    """
    kind = read_json(path, CURE).get("kind")
    return kind if kind in GIVEN else "trained"


def variant_of(training: str) -> str:
    """The variant that a training belongs to: `open_unmix` for `open_unmix.vocals`."""
    return training.partition(".")[0]
