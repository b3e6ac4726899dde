"""Settings of realistic mixes for fine-tuning: how stems of different songs are made to fit.

The rules are those of the official tools/automix.py.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AutomixConfig:
    """Settings; equal values give equal bytes, for any number of jobs."""

    seed: Annotated[int, Field(ge=0)]
    copies: Annotated[int, Field(ge=1)]  # mixes made on the basis of every song
    plain_copies: Annotated[int, Field(ge=0)]  # copies of songs that have no beat or no bass
    max_tempo: Annotated[float, Field(gt=0, lt=1)]  # largest relative change of a tempo
    max_pitch: Annotated[int, Field(ge=0, le=6)]  # largest change of a key, in semitones
    max_shift: Positive  # seconds; largest shift of beats onto others
    grid: Positive  # seconds between the times at which beats are compared
    blur: Positive  # standard deviation of a beat, in cells of the grid


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AutomixStageConfig:
    """The content of configs/automix.json."""

    wanted: bool  # whether any variant of the study is fine-tuned
    mixes: AutomixConfig
