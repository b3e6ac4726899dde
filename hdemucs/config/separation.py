"""How a song is separated."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeparationConfig:
    """Overlap-add and the shift trick, as in the official `apply_model`."""

    segment: Annotated[float, Field(gt=0)]  # seconds of a segment
    overlap: Annotated[float, Field(ge=0, lt=1)]  # share of a segment that the next one repeats
    shifts: Annotated[int, Field(ge=0)]  # random shifts to average over; 0: none
    max_shift: Annotated[float, Field(ge=0)]  # seconds


def in_chunks(config: SeparationConfig, chunk: float | None) -> SeparationConfig:
    """The configuration with segments of `chunk` seconds, for a model that accepts no others."""
    return config if chunk is None else replace(config, segment=chunk)
