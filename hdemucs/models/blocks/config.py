"""The settings that all families over spectrograms have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig

Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpectrogramConfig(ModelConfig):
    """The short-time Fourier transform in which a mixture is separated."""

    window: Annotated[int, Field(ge=4, multiple_of=2)]  # samples
    hop: Count  # samples

    @property
    def all_bins(self) -> int:
        """The number of frequencies of the transform, from 0 to half the sample rate."""
        return self.window // 2 + 1
