"""How a song is separated."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeparationConfig:
    """Overlap-add and the shift trick (paper facts: inference)."""

    segment: Annotated[float, Field(gt=0)]  # seconds a chunk
    overlap: Annotated[float, Field(ge=0, lt=1)]  # share of a chunk that the next one repeats
    shifts: Annotated[int, Field(ge=0)]  # random shifts to average over; 0: none
    max_shift: Annotated[float, Field(ge=0)]  # seconds
