"""Realistic mixes for fine-tuning: how stems of other songs are made to fit.

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
    """The same values give the same bytes, whatever the jobs."""

    seed: Annotated[int, Field(ge=0)]
    copies: Annotated[int, Field(ge=1)]  # mixes made upon every song
    plain_copies: Annotated[int, Field(ge=0)]  # of songs that have no beat or no bass
    max_tempo: Annotated[float, Field(gt=0, lt=1)]  # share by which a tempo may change
    max_pitch: Annotated[int, Field(ge=0, le=6)]  # semitones by which a key may
    max_shift: Positive  # seconds by which beats may be moved onto others
    grid: Positive  # seconds, of the beats that are compared
    blur: Positive  # cells of the grid, a beat's standard deviation


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AutomixStageConfig:
    """configs/automix.json."""

    wanted: bool  # some variant of the study is fine-tuned
    mixes: AutomixConfig
