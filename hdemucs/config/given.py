"""Variants that are not trained here: released models, and other people's estimates or scores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

GIVEN = ("released", "estimates", "scores")
TEST_SONGS = "test songs too"  # trained on: scores on the test songs say nothing then


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReleasedFile:
    """A model's file, as its authors published it."""

    file: str
    url: Annotated[str, Field(pattern=r"^https?://")]
    digits: Annotated[str, Field(pattern=r"^[0-9a-f]*$")]  # the first ones of its SHA-256


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReleasedConfig:
    """configs/train/<variant>.json of a model, or of a bag of models, that others trained."""

    kind: Literal["released"]
    variant: str
    name: str  # the authors' name of the model or bag
    authors: str
    trained_on: str
    files: Annotated[dict[str, ReleasedFile], Field(min_length=1)]  # by signature
    weights: tuple[tuple[float, ...], ...] | None  # [file][source]; None: equal weights


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EstimatesConfig:
    """configs/train/<variant>.json of sound files: <path>/[test/]<track>/<source>.wav."""

    kind: Literal["estimates"]
    variant: str
    path: str


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScoresConfig:
    """configs/train/<variant>.json of scores as museval's JSON: <path>/[test/]<track>.json[.gz]."""

    kind: Literal["scores"]
    variant: str
    path: str
