"""Every family at its smallest: a configuration as JSON has it, by kind of parts.toml:model."""

from hdemucs.config.load import validated
from hdemucs.registry import part
from tests.family import SOURCES, hybrid_config, waveform_config

DATA = {"sources": [*SOURCES], "audio_channels": 2}
TINY = {
    "conv_tasnet": {
        "basis": 16, "window": 8, "bottleneck": 12, "hidden": 20, "kernel": 3, "dilations": 2,
        "repeats": 2, "skip": None, "bias": False, "input_norm": "frame", "mask": "relu",
        "rectify": True, "edges": "cut", "initial": "xavier",
    },
    "demucs_2019": {"channels": 4, "depth": 2, "lstm_layers": 1, "upsample": True},
    "dual_path_rnn": {
        "basis": 12, "window": 16, "features": 8, "hidden": 6, "chunk": 12, "blocks": 1,
    },
    "wave_u_net": {
        "sample_rate": 8000, "rate": None, "levels": 3, "channels": 4, "kernel": 5, "up_kernel": 3,
        "upsampling": "linear", "difference": "vocals",
    },
    "wavenet": {
        "sample_rate": 8000, "rate": 4000, "mono": True, "channels": 4, "stacks": 1,
        "dilations": 4, "head": [8, 6], "difference": "other",
    },
}  # fmt: skip


def tiny(kind):
    """A kind's configuration."""
    if kind in ("hybrid", "waveform"):
        return {"hybrid": hybrid_config, "waveform": waveform_config}[kind]()
    return validated({"kind": kind, **DATA, **TINY[kind]}, part("model", kind).config, kind)
