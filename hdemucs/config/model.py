"""The model family's parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT

Count = Annotated[int, Field(ge=1)]
LevelIndex = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ResidualConfig:
    """The dilated residual branch inside every encoder level (paper: compressed residual).

    `lstm_from` and `attention_from` are the first levels to have one; None: no level has.
    """

    depth: Count
    compression: Count
    lstm_from: LevelIndex | None
    attention_from: LevelIndex | None
    scale: float
    activation: Literal["gelu", "relu"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ModelConfig:
    """What every model of the paper is asked."""

    sources: tuple[str, ...]
    audio_channels: Count
    channels: Count  # width of the outermost level
    depth: Count
    norm_from: LevelIndex | None  # first level with group norm; None: no level has
    activation: Literal["gelu", "relu"]
    residual: ResidualConfig | None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class HybridConfig(ModelConfig):
    """Hybrid Demucs; with one branch, its spectrogram-only or waveform-only ablation."""

    kind: Literal["hybrid"]
    window: Count  # of the STFT, samples; 4**k
    branches: tuple[Literal["spectrogram", "waveform"], ...]
    representation: Literal["complex", "magnitude"]
    bands: tuple[float, ...]  # cuts between bands with weights of their own; (): one band


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WaveformConfig(ModelConfig):
    """Demucs v2 and its improved, still time-only, successor (v3)."""

    kind: Literal["waveform"]
    standardise: Literal["mono", "none"]
    bottleneck_lstm: Annotated[int, Field(ge=0)]  # layers; 0: none
    upsample: bool  # work at twice the sample rate, as the paper does
