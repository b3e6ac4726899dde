"""How a variant's estimates of the test set are made."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import chosen
from hdemucs.config.separation import SeparationConfig


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EstimationConfig:
    """configs/separation/<variant>.json: read by `evaluate` and `separate`."""

    variant: str
    separation: SeparationConfig
    post: Annotated[Any, chosen("post", optional=True)]  # a filter; None: no filter
    seed: Annotated[int, Field(ge=0)]  # decides the random shifts
    threads: Annotated[int, Field(ge=1)]  # of torch; equal bytes need the same number
