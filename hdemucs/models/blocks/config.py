"""What the configurations of all families over spectrograms have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpectrogramConfig:
    """What is separated, and the short-time Fourier transform that it is separated in."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    audio_channels: Count
    window: Annotated[int, Field(ge=4, multiple_of=2)]  # samples
    hop: Count  # samples

    @field_validator("sources")
    @classmethod
    def _distinct(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(sources)) < len(sources):
            raise ValueError("a source is named twice")
        return sources

    @property
    def all_bins(self) -> int:
        """Frequencies of the transform, from 0 to half the sample rate."""
        return self.window // 2 + 1
