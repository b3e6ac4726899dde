"""Weights of the sources in a loss."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Weights = dict[str, Annotated[float, Field(ge=0)]]  # by source; only their ratios matter
