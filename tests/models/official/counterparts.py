"""Our configurations, and the arguments that give the official package the same model."""

from dataclasses import dataclass, field
from typing import Any

from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs

from hdemucs.models.demucs.config import (
    BandsConfig,
    HybridConfig,
    WaveformConfig,
    WienerConfig,
)
from hdemucs.models.demucs.official.names import under_our_names
from tests.family import FAMILY, SOURCES, hybrid_config, waveform_config

NEVER = 10  # the official way to switch a part off: start it below the last level
V2 = dict(dconv_mode=0, gelu=False, lstm_layers=2, normalize=False)


@dataclass(frozen=True)
class Counterpart:
    """A model of ours and what makes the official one; the rest is COMMON."""

    ours: HybridConfig | WaveformConfig
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def klass(self):
        return HDemucs if self.ours.kind == "hybrid" else Demucs

    @property
    def kwargs(self):
        window = {"nfft": 1024} if self.klass is HDemucs else {}
        common = dict(audio_channels=2, channels=8, depth=5, samplerate=16_000, segment=4)
        parts = dict(norm_starts=3, dconv_lstm=3, dconv_attn=3, dconv_init=0.3)
        return {"sources": [*SOURCES], **common, **parts, **window, **self.changes}

    def theirs(self):
        return self.klass(**self.kwargs)


def load_official_state(model, state):
    """Our model, given an official state dict's weights."""
    model.load_state_dict(under_our_names(model, state))
    return model


def wiener(iterations, training=None):
    """Of a magnitude model; in training as otherwise, if nothing else is said."""
    trained = iterations if training is None else training
    return WienerConfig(iterations=iterations, in_training=trained)


CASES = {
    # The rows of the paper's tables
    "hybrid": Counterpart(FAMILY["hybrid"]),
    "hybrid-magnitude": Counterpart(FAMILY["hybrid-magnitude"], {"cac": False}),
    "hybrid-bands": Counterpart(FAMILY["hybrid-bands"], {"multi_freqs": [0.1, 0.3]}),
    "spectrogram": Counterpart(FAMILY["spectrogram"], {"hybrid": False}),
    "waveform": Counterpart(FAMILY["waveform"]),
    "waveform-relu-outside": Counterpart(FAMILY["waveform-relu-outside"], {"gelu": False}),
    "waveform-no-lstm": Counterpart(FAMILY["waveform-no-lstm"], {"dconv_lstm": NEVER}),
    "waveform-no-attention": Counterpart(FAMILY["waveform-no-attention"], {"dconv_attn": NEVER}),
    "waveform-no-residual": Counterpart(FAMILY["waveform-no-residual"], {"dconv_mode": 0}),
    "waveform-blstm": Counterpart(
        FAMILY["waveform-blstm"], {"dconv_lstm": NEVER, "dconv_attn": NEVER, "lstm_layers": 2}
    ),
    "v2": Counterpart(FAMILY["v2"], V2),
    # The same switches on the other family, other depths, windows and bands
    "hybrid-no-lstm": Counterpart(FAMILY["hybrid-no-lstm"], {"dconv_lstm": NEVER}),
    "hybrid-no-attention": Counterpart(FAMILY["hybrid-no-attention"], {"dconv_attn": NEVER}),
    "hybrid-no-residual": Counterpart(FAMILY["hybrid-no-residual"], {"dconv_mode": 0}),
    "hybrid-no-norm": Counterpart(FAMILY["hybrid-no-norm"], {"norm_starts": NEVER}),
    "hybrid-all-norms": Counterpart(hybrid_config(norm_from=0), {"norm_starts": 0}),
    "hybrid-depth-7": Counterpart(hybrid_config(depth=7), {"depth": 7}),
    "hybrid-depth-4": Counterpart(hybrid_config(depth=4), {"depth": 4}),
    "hybrid-window-256": Counterpart(hybrid_config(window=256), {"nfft": 256}),
    "hybrid-window-4096": Counterpart(hybrid_config(window=4096), {"nfft": 4096}),
    "hybrid-mono": Counterpart(hybrid_config(audio_channels=1), {"audio_channels": 1}),
    "hybrid-three-banded-levels": Counterpart(
        hybrid_config(bands=BandsConfig(cuts=(0.3, 0.7), levels=3)),
        {"multi_freqs": [0.3, 0.7], "multi_freqs_depth": 3},
    ),
    "spectrogram-magnitude": Counterpart(
        FAMILY["spectrogram-magnitude"], {"hybrid": False, "cac": False}
    ),
    # What the models of the Music Demixing Challenge have
    "hybrid-silent-margins": Counterpart(hybrid_config(margin="silent"), {"hybrid_old": True}),
    "mdx-c511e2ab": Counterpart(
        hybrid_config(representation="magnitude", margin="silent", norm_from=None),
        {"cac": False, "hybrid_old": True, "norm_starts": 999},
    ),
    "mdx-7d865c68": Counterpart(
        hybrid_config(bands=BandsConfig(cuts=(0.1, 0.3), levels=2), norm_from=None),
        {"multi_freqs": [0.1, 0.3], "norm_starts": 999},
    ),
    "mdx-0d19c1c6": Counterpart(waveform_config(rewrite=False), {"rewrite": False}),
    "waveform-plain": Counterpart(
        waveform_config(rewrite=False, residual=None), {"rewrite": False, "dconv_mode": 0}
    ),
    "hybrid-no-rewrite": Counterpart(hybrid_config(rewrite=False), {"rewrite": False}),
    "hybrid-phase-where-it-sounds": Counterpart(
        hybrid_config(representation="magnitude", margin="silent", wiener=wiener(-1)),
        {"cac": False, "hybrid_old": True, "wiener_iters": -1, "end_iters": -1},
    ),
    "hybrid-wiener": Counterpart(
        hybrid_config(representation="magnitude", wiener=wiener(2)),
        {"cac": False, "wiener_iters": 2, "end_iters": 2},
    ),
    "spectrogram-wiener": Counterpart(
        hybrid_config(
            branches=("spectrogram",), representation="magnitude", wiener=wiener(1, training=0)
        ),
        {"hybrid": False, "cac": False, "wiener_iters": 1},
    ),
    "waveform-own-rate": Counterpart(FAMILY["waveform-own-rate"], {"resample": False}),
    "waveform-all-norms": Counterpart(waveform_config(norm_from=0), {"norm_starts": 0}),
    "waveform-depth-6": Counterpart(waveform_config(depth=6), {"depth": 6}),
    "v2-own-rate": Counterpart(FAMILY["v2-own-rate"], {**V2, "resample": False}),
}
