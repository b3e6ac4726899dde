"""The fields that the configuration of every model has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ModelConfig:
    """Base class of the families' configurations, each of which also has a `kind: Literal[...]`.

    `resolve` fills in both fields from the data, and `sample_rate` (Hz) if the family has it.
    """

    sources: Annotated[tuple[str, ...], Field(min_length=1)]  # that the model estimates, in order
    audio_channels: Count

    if TYPE_CHECKING:
        kind: str  # a field of each family's own class

    @field_validator("sources")
    @classmethod
    def _distinct(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(sources)) < len(sources):
            raise ValueError("a source is named twice")
        return sources
