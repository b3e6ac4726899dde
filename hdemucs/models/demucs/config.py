"""The parameters of Hybrid Demucs and of the time-only Demucs."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig

LevelIndex = Annotated[int, Field(ge=0, le=16)]
Info = Any  # pydantic's ValidationInfo: a protocol, which tests cannot check at run time
Activation = Literal["gelu", "relu"]

NARROWEST = 1.5  # least rows of a band, so that one is left after rounding
GROUPS = 4  # groups of every group norm, and heads of the attention: widths are multiples of it


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ResidualConfig:
    """The dilated residual branch inside every encoder level (the paper's compressed residual).

    `lstm_from` and `attention_from` are the first levels that have one; None: no level has. The
    branch's activation is always GELU: the official `gelu=False` does not change it.
    """

    depth: Count  # dilated convolutions, with dilations 1, 2, 4, ...
    compression: Count  # the branch has this many times fewer channels than its level
    lstm_from: LevelIndex | None
    attention_from: LevelIndex | None
    scale: float  # initial weight of the branch
    activation: Activation


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BandsConfig:
    """Bands of frequencies with their own weights, in the outermost levels."""

    cuts: Annotated[tuple[float, ...], Field(min_length=1)]  # as shares of the Nyquist frequency
    levels: Count  # the outermost ones that are cut

    @field_validator("cuts")
    @classmethod
    def _rising(cls, cuts: tuple[float, ...]) -> tuple[float, ...]:
        if not all(low < high for low, high in pairwise((0.0, *cuts, 1.0))):
            raise ValueError("cuts rise between 0 and 1")
        return cuts


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WienerConfig:
    """How a magnitude model's spectrograms become waveforms.

    The numbers are iterations of the multichannel Wiener filter over 300 frames at a time. With 0,
    the estimates get the mixture's phase; with -1, too, but are zero where the mixture is silent
    (official `wiener_iters`).
    """

    iterations: Annotated[int, Field(ge=-1)]
    in_training: Annotated[int, Field(ge=-1)]  # official `end_iters`


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DemucsConfig(ModelConfig):
    """The settings that hybrid and waveform models share."""

    channels: Annotated[int, Field(ge=GROUPS, multiple_of=GROUPS)]  # of the outermost level
    depth: Annotated[int, Field(ge=2, le=16)]  # levels
    norm_from: LevelIndex | None  # first level with group norm; None: no level has
    activation: Activation
    rewrite: bool  # 1x1 convolutions in the encoder and 3-wide ones in the decoder, gated
    residual: ResidualConfig | None

    @field_validator("residual")
    @classmethod
    def _divisible(cls, residual: ResidualConfig | None, info: Info) -> ResidualConfig | None:
        channels = info.data.get("channels")
        if residual is None or channels is None:
            return residual
        if channels < residual.compression:
            raise ValueError(
                f"{channels} channels cannot be compressed {residual.compression}-fold"
            )
        first = residual.attention_from
        if first is not None and channels * 2**first // residual.compression % GROUPS:
            raise ValueError(f"attention's {GROUPS} heads do not divide the channels of its levels")
        return residual


@dataclass(frozen=True, kw_only=True, config=STRICT)
class HybridConfig(DemucsConfig):
    """Hybrid Demucs; with one branch, its spectrogram-only or waveform-only ablation."""

    kind: Literal["hybrid"]
    window: Annotated[int, Field(ge=64)]  # of the STFT, in samples: 64, 256, 1024, 4096, ...
    branches: Annotated[tuple[Literal["spectrogram", "waveform"], ...], Field(min_length=1)]
    representation: Literal["complex", "magnitude"]
    wiener: WienerConfig | None  # of magnitudes; None: as with 0 iterations
    margin: Literal["reflected", "silent"]  # "silent": MDX 2021 models (`hybrid_old`)
    bands: BandsConfig | None

    @field_validator("wiener")
    @classmethod
    def _of_magnitudes(cls, wiener: WienerConfig | None, info: Info) -> WienerConfig | None:
        if wiener is None:
            return wiener
        if info.data.get("representation") == "complex":
            raise ValueError("complex spectrograms have a phase of their own: wiener must be null")
        both = "waveform" in info.data.get("branches", ())
        if both and wiener.iterations != wiener.in_training:
            raise ValueError("with a waveform branch, iterations in training must be the same")
        return wiener

    @field_validator("margin")
    @classmethod
    def _of_both(cls, margin: str, info: Info) -> str:
        if margin == "silent" and len(info.data.get("branches", "12")) == 1:
            raise ValueError("only a hybrid's spectrogram has silent margins")
        return margin

    @field_validator("window")
    @classmethod
    def _power_of_four(cls, window: int, info: Info) -> int:
        exponent = (window.bit_length() - 1) // 2
        if 4**exponent != window:
            raise ValueError("branches only meet where the window is a power of 4")
        if info.data.get("depth", exponent) < exponent - 1:
            raise ValueError(f"{exponent - 1} levels reach one frequency, so depth must be as many")
        return window

    @field_validator("branches")
    @classmethod
    def _once(cls, branches: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(branches)) < len(branches):
            raise ValueError("a branch is named twice")
        return branches

    @field_validator("bands")
    @classmethod
    def _where_possible(cls, bands: BandsConfig | None, info: Info) -> BandsConfig | None:
        if bands is None or not {"window", "branches", "norm_from"} <= info.data.keys():
            return bands
        if "spectrogram" not in info.data["branches"]:
            raise ValueError("only a spectrogram branch has bands")
        if (first := info.data["norm_from"]) is not None and first < bands.levels:
            raise ValueError("group norm would mix bands: norm_from must be at least bands.levels")
        if 4 ** (bands.levels + 2) > info.data["window"]:
            raise ValueError("the level that reaches one frequency cannot be cut into bands")
        rows = info.data["window"] / 2 / 4**bands.levels  # of the innermost level with bands
        narrowest = min(high - low for low, high in pairwise((0.0, *bands.cuts, 1.0)))
        if narrowest * rows < NARROWEST:
            raise ValueError(
                f"a band has less than {NARROWEST} of {rows:g} rows: fewer levels or cuts"
            )
        return bands


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WaveformConfig(DemucsConfig):
    """Demucs v2, and v3, its improved successor that still works on waveforms only."""

    kind: Literal["waveform"]
    standardise: Literal["mono", "none"]
    bottleneck_lstm: Annotated[int, Field(ge=0)]  # layers; 0: none
    upsample: bool  # work at twice the sample rate, as the paper does
