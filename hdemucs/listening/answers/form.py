"""The form of a submission from our page; sizes are limited, so that none can fill the disk."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.listening import Attribute

FORMAT = 1
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Milliseconds = Annotated[float, Field(ge=0, le=1e9)]
Score = Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Rating:
    """The score of one stimulus for one attribute."""

    stimulus: Name
    attribute: Attribute
    score: Score | None  # None: not moved
    plays: Annotated[int, Field(ge=0, le=100_000)]
    played_ms: Milliseconds
    covered: Annotated[float, Field(ge=0, le=1)] | None = None  # share of the sound that was heard
    first_move_ms: Milliseconds | None
    trace: Annotated[tuple[tuple[Milliseconds, Score], ...], Field(max_length=200)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrialAnswer:
    """The answers on one page."""

    trial: Name
    position: Annotated[int, Field(ge=1, le=1000)]  # in this listener's order
    page_ms: Milliseconds
    ratings: Annotated[tuple[Rating, ...], Field(max_length=24)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class About:
    """What listeners said about themselves."""

    transducer: Annotated[str, Field(max_length=40)]
    years: Annotated[float, Field(ge=0, le=120)]  # of musical experience


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Passed:
    """Correct answers and their total, in the headphone (Huggins pitch) or attention checks."""

    correct: Annotated[int, Field(ge=0, le=100)]
    of: Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Submission:
    """The answers of one listener's session."""

    format: Literal[1]
    test: Name
    sets: Name  # digest of the sounds
    set: Literal["mushra", "mos"]
    session: Name
    listener: Code
    seed: Annotated[str, Field(max_length=200)]  # of the random order
    submission: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]  # its identifier
    started: Annotated[str, Field(max_length=40)]
    finished: Annotated[str, Field(max_length=40)]
    about: About
    headphones: Passed | None
    attention: Passed | None = None
    comment: Annotated[str, Field(max_length=2000)]
    agent: Annotated[str, Field(max_length=500)]
    trials: Annotated[tuple[TrialAnswer, ...], Field(max_length=200)]


def parse(content: bytes | str) -> Submission:
    """A submission from JSON.

    Raises:
        ValueError: one line saying what is wrong.
    """
    try:
        found = TypeAdapter(Submission).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ValueError(f"{place}: {first['msg']}") from error
    trials = [answer.trial for answer in found.trials]
    if len(set(trials)) != len(trials):
        raise ValueError("trials: one is answered twice")
    return found


def canonical(submission: Submission) -> bytes:
    """The bytes to store; equal answers give equal bytes."""
    content: Any = TypeAdapter(Submission).dump_python(submission, mode="json")
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
