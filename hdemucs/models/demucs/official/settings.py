"""Translate the official classes' arguments to our configurations, and back.

Only arguments in which the paper's models and ours can differ are translated. All others must have
the value with which our models are built; any other value is refused, with the argument's name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from hdemucs.config.load import validated
from hdemucs.config.model import ModelConfig
from hdemucs.errors import UserError
from hdemucs.models.demucs.config import DemucsConfig, HybridConfig, WaveformConfig

from .pickles import Global

HDEMUCS = Global("demucs.hdemucs", "HDemucs")
DEMUCS = Global("demucs.demucs", "Demucs")
CURE = "only the paper's models can be converted"
LARGEST_FLOAT = sys.float_info.max

SHARED = {
    "audio_channels": 2, "depth": 6, "norm_starts": 4, "dconv_mode": 1, "dconv_depth": 2,
    "dconv_comp": 4, "dconv_attn": 4, "dconv_lstm": 4,
}  # fmt: skip
# Defaults of demucs 4.1.0, for arguments that a checkpoint leaves out.
TRANSLATED: dict[Global, dict[str, Any]] = {
    HDEMUCS: SHARED | {
        "channels": 48, "dconv_init": 1e-4, "nfft": 4096, "cac": True, "hybrid": True,
        "rewrite": True, "wiener_iters": 0, "end_iters": 0, "hybrid_old": False,
        "multi_freqs": None, "multi_freqs_depth": 2,
    },
    DEMUCS: SHARED | {
        "channels": 64, "dconv_init": 1e-4, "gelu": True, "lstm_layers": 0, "normalize": True,
        "resample": True, "rewrite": True,
    },
}  # fmt: skip
COMMON = {
    "growth": 2, "kernel_size": 8, "stride": 4, "context": 1, "norm_groups": 4,
}  # fmt: skip
FIXED: dict[Global, dict[str, Any]] = {
    HDEMUCS: COMMON | {
        "channels_time": None, "wiener_residual": False, "freq_emb": 0.2, "emb_scale": 10,
        "time_stride": 2, "context_enc": 0,
    },
    DEMUCS: COMMON | {"glu": True},
}  # fmt: skip
LARGEST = {"depth": 12, "channels": 4096, "audio_channels": 64, "dconv_depth": 8,
           "lstm_layers": 16, "nfft": 4**10, "multi_freqs_depth": 12,
           "wiener_iters": 100, "end_iters": 100}  # fmt: skip
INTEGERS = ("norm_starts", "dconv_mode", "dconv_comp", "dconv_attn", "dconv_lstm")
SWITCHES = ("cac", "hybrid", "hybrid_old", "rewrite", "gelu", "normalize", "resample")
MOST_CUTS = 7
LEAST_DEPTH = 2  # one level for the branch, and one where it meets the trunk


def to_config(kind: Global, given: dict[str, Any], subject: object) -> DemucsConfig:
    """Our configuration for an official class with these arguments.

    Raises:
        UserError: our models have no such class or argument; its name is given.
    """
    if kind not in TRANSLATED:
        raise UserError(subject, f"holds a {kind}", CURE)
    k = FIXED[kind] | TRANSLATED[kind] | given
    for name in unsupported(kind, k):
        raise UserError(subject, f"its model has {name}={k[name]!r}", CURE)
    if kind == HDEMUCS:
        return validated(common(k) | hybrid(k), HybridConfig, str(subject))
    return validated(common(k) | waveform(k), WaveformConfig, str(subject))


def unsupported(kind: Global, k: dict[str, Any]) -> list[str]:
    """Names of the arguments that our models do not support with these values."""
    other = [name for name, value in FIXED[kind].items() if k[name] != value]
    large = [
        n for n, most in LARGEST.items() if n in k and not (type(k[n]) is int and k[n] <= most)
    ]
    wrong = [n for n in INTEGERS if type(k[n]) is not int]
    wrong += [n for n in SWITCHES if n in k and type(k[n]) is not bool]
    wrong += [] if type(k["depth"]) is int and k["depth"] >= LEAST_DEPTH else ["depth"]
    wrong += [] if is_finite(k["dconv_init"]) else ["dconv_init"]
    wrong += [] if are_cuts(k.get("multi_freqs")) else ["multi_freqs"]
    decoders = [] if k["dconv_mode"] in (0, 1) else ["dconv_mode"]  # with residual branches, too
    return other + large + wrong + decoders


def is_finite(value: Any) -> bool:
    """Whether it is a number that JSON can hold."""
    return type(value) in (int, float) and abs(value) <= LARGEST_FLOAT


def are_cuts(value: Any) -> bool:
    """Whether it is None or shares of the Nyquist frequency."""
    return value is None or (
        isinstance(value, list | tuple)
        and len(value) <= MOST_CUTS
        and all(type(v) in (int, float) and 0 < v < 1 for v in value)
    )


def common(k: dict[str, Any]) -> dict[str, Any]:
    residual = {
        "depth": k["dconv_depth"],
        "compression": k["dconv_comp"],
        "lstm_from": reached(k["dconv_lstm"], k["depth"]),
        "attention_from": reached(k["dconv_attn"], k["depth"]),
        "scale": float(k["dconv_init"]),
        "activation": "gelu",
    }
    return {
        "sources": tuple(k["sources"]),
        "audio_channels": k["audio_channels"],
        "channels": k["channels"],
        "depth": k["depth"],
        "norm_from": reached(k["norm_starts"], k["depth"]),
        "rewrite": k["rewrite"],
        "residual": residual if k["dconv_mode"] else None,
    }


def reached(level: int, depth: int) -> int | None:
    """The level; None for one at or below the last, which is the official way to say never."""
    return None if level >= depth else level


def hybrid(k: dict[str, Any]) -> dict[str, Any]:
    cuts = k["multi_freqs"] or []
    bands = {"cuts": tuple(cuts), "levels": k["multi_freqs_depth"]} if cuts else None
    iterations = (k["wiener_iters"], k["end_iters"])
    return {
        "kind": "hybrid",
        "activation": "gelu",
        "window": k["nfft"],
        "branches": ("spectrogram", "waveform") if k["hybrid"] else ("spectrogram",),
        "representation": "complex" if k["cac"] else "magnitude",
        "wiener": None if k["cac"] or not any(iterations) else filtering(*iterations),
        "margin": "silent" if k["hybrid_old"] else "reflected",
        "bands": bands,
    }


def filtering(test: int, training: int) -> dict[str, int]:
    """Wiener settings of a magnitude model; all negative numbers mean the same there."""
    return {"iterations": max(-1, test), "in_training": max(-1, training)}


def waveform(k: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "waveform",
        "activation": "gelu" if k["gelu"] else "relu",
        "standardise": "mono" if k["normalize"] else "none",
        "bottleneck_lstm": k["lstm_layers"],
        "upsample": k["resample"],
    }


def from_config(config: ModelConfig, subject: object) -> tuple[Global, dict[str, Any]]:
    """The official class of a configuration, and all of its arguments.

    Raises:
        UserError: the official package has no such model.
    """
    if not isinstance(config, DemucsConfig):
        raise UserError(subject, f"is a {config.kind} model", "only Demucs models can be exported")
    never, residual = config.depth, config.residual
    if residual is not None and residual.activation != "gelu":
        cure = "only GELU can be exported"
        raise UserError(subject, "its residual branches have another activation", cure)
    shared: dict[str, Any] = {
        "sources": list(config.sources),
        "audio_channels": config.audio_channels,
        "channels": config.channels,
        "depth": config.depth,
        "norm_starts": never if config.norm_from is None else config.norm_from,
        "dconv_mode": 0 if residual is None else 1,
        "rewrite": config.rewrite,
    }
    if residual is not None:
        shared |= {
            "dconv_depth": residual.depth,
            "dconv_comp": residual.compression,
            "dconv_attn": never if residual.attention_from is None else residual.attention_from,
            "dconv_lstm": never if residual.lstm_from is None else residual.lstm_from,
            "dconv_init": residual.scale,
        }
    kind, own = COUNTERPARTS[type(config)]
    return kind, FIXED[kind] | shared | own(config, subject)


def from_hybrid(config: HybridConfig, subject: object) -> dict[str, Any]:
    if config.activation != "gelu":
        raise UserError(subject, "is a hybrid with ReLU", "only GELU can be exported")
    if "spectrogram" not in config.branches:
        raise UserError(subject, "has no spectrogram branch", "the official hybrid always has")
    return {
        "nfft": config.window,
        "cac": config.representation == "complex",
        "hybrid": "waveform" in config.branches,
        "hybrid_old": config.margin == "silent",
        "wiener_iters": config.wiener.iterations if config.wiener else 0,
        "end_iters": config.wiener.in_training if config.wiener else 0,
        "multi_freqs": list(config.bands.cuts) if config.bands else None,
        "multi_freqs_depth": config.bands.levels if config.bands else 2,
    }


def from_waveform(config: WaveformConfig, _subject: object) -> dict[str, Any]:
    return {
        "gelu": config.activation == "gelu",
        "lstm_layers": config.bottleneck_lstm,
        "normalize": config.standardise == "mono",
        "resample": config.upsample,
    }


COUNTERPARTS: dict[type[Any], tuple[Global, Callable[[Any, object], dict[str, Any]]]] = {
    HybridConfig: (HDEMUCS, from_hybrid),
    WaveformConfig: (DEMUCS, from_waveform),
}
