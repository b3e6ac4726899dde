"""Settings of the embedded corpus."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CorpusConfig:
    """What is composed and rendered; equal values give equal bytes, for any number of jobs."""

    seed: Annotated[int, Field(ge=0)]
    train: Count  # number of tracks
    valid: Count
    test: Count
    seconds: Annotated[float, Field(ge=2, le=600)]
    sample_rate: Annotated[int, Field(ge=8000, le=192_000)]
    soundfont: str  # "auto": the GM sound font in the pretty_midi wheel; else a path
