"""What the report shows, and when it calls a result certain."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Decibels = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RowConfig:
    """One row of the tables: a variant with all of its seeds."""

    name: str
    label: str
    systems: tuple[str, ...]  # folders of scores; several: trainings that differ in their seed only
    baseline: str | None  # the row from which paired differences are taken
    published: tuple[str, ...]  # keys of report/published.csv: the rows this one repeats


@dataclass(frozen=True, kw_only=True, config=STRICT)
class IntervalConfig:
    """Settings of bootstrap intervals."""

    level: Annotated[float, Field(gt=0.5, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    seed: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MarginConfig:
    """How near a published number a result must be to count as reproduced, dB.

    The margins come from the spread of three trainings of Demucs v2 that differ in their seed only
    (its README): 6.23 to 6.36 over all sources, 6.58 to 7.37 for one source.
    """

    all: Decibels
    source: Decibels


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReportConfig:
    """The whole report."""

    title: str
    scale: str
    rows: tuple[RowConfig, ...]  # in the tables' order; rows without scores are shown as not run
    interval: IntervalConfig
    margin: MarginConfig
