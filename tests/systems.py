"""Every family at its smallest: a configuration as JSON has it, by kind of parts.toml:model."""

from hdemucs.config.load import validated
from hdemucs.registry import part
from tests.family import SOURCES, hybrid_config, waveform_config

BAND = {"first": 3, "growth": [3, 3, 3], "layers": [2, 2, 2], "nested": 2}
D3NET = {
    "split": 4, "low": BAND, "high": {**BAND, "growth": [2], "layers": [1]}, "full": BAND,
    "final": [3, 2],
}  # fmt: skip
DATA = {"sources": [*SOURCES], "audio_channels": 2}
TINY = {
    "conv_tasnet": {
        "basis": 16, "window": 8, "bottleneck": 12, "hidden": 20, "kernel": 3, "dilations": 2,
        "repeats": 2, "skip": None, "bias": False, "input_norm": "frame", "mask": "relu",
        "rectify": True, "edges": "cut", "initial": "xavier",
    },
    "d3net": {"window": 64, "hop": 16, "bins": 24, "sizes": dict.fromkeys(SOURCES, D3NET)},
    "demucs_2019": {"channels": 4, "depth": 2, "lstm_layers": 1, "upsample": True},
    "dual_path_rnn": {
        "basis": 12, "window": 16, "features": 8, "hidden": 6, "chunk": 12, "blocks": 1,
    },
    "lasaft": {
        "window": 64, "hop": 16, "transform": "lasaft", "channels": 4, "levels": 2, "layers": 2,
        "latent": 2, "key": 4, "embedding": 6, "squeeze": 2, "narrowest": 2, "dropout": 0.5,
    },
    "open_unmix": {
        "window": 64, "hop": 16, "bins": 25, "hidden": 12, "layers": 2, "dropout": 0.4,
    },
    "resunet": {
        "window": 64, "hop": 16, "channels": [4, 6], "over_time": 1, "units": 1, "middle": 1,
        "momentum": 0.1,
    },
    "u_net": {
        "window": 64, "hop": 16, "wiring": "jansson", "scale": "loudest", "bins": 32,
        "channels": [4, 6, 8], "dropout": 0.5,
    },
    "wave_u_net": {
        "sample_rate": 8000, "rate": None, "levels": 3, "channels": 4, "kernel": 5, "up_kernel": 3,
        "upsampling": "linear", "difference": "vocals",
    },
    "wavenet": {
        "sample_rate": 8000, "rate": 4000, "mono": True, "channels": 4, "stacks": 1,
        "dilations": 4, "head": [8, 6], "difference": "other",
    },
    "x_umx": {
        "window": 64, "hop": 16, "bins": 25, "hidden": 12, "layers": 2, "dropout": 0.4,
    },
}  # fmt: skip


def tiny(kind):
    """A kind's configuration."""
    if kind in ("hybrid", "waveform"):
        return {"hybrid": hybrid_config, "waveform": waveform_config}[kind]()
    return validated({"kind": kind, **DATA, **TINY[kind]}, part("model", kind).config, kind)
