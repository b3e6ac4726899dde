"""How systems are scored."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Seconds = Annotated[float, Field(gt=0)]
Oracle = Literal[
    "mixture",
    "mixture-quarter",
    "static-wiener",
    "ibm",
    "irm-magnitude",
    "irm-power",
    "mwf",
]
ORACLES: tuple[str, ...] = get_args(Oracle)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MetricsConfig:
    """Settings of BSSEval v4 (published numbers: frames of 1 s every 1 s, 512 taps)."""

    window: Seconds
    hop: Seconds
    metrics: Literal["sdr", "all"]  # SDR alone needs no filters; "all" adds ISR, SIR and SAR
    filter_length: Annotated[int, Field(ge=2, le=4096)]  # taps of the distortion filters
    backend: Literal["own", "museval"]  # museval: the original, 30 times slower, 512 taps


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OracleConfig:
    """Oracles: rows of the tables that need no training."""

    names: tuple[Oracle, ...]
    window: Annotated[int, Field(ge=16)]  # samples of the masks' STFT, at the data's rate


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EvaluationConfig:
    """Everything that decides a score."""

    metrics: MetricsConfig
    oracles: OracleConfig
