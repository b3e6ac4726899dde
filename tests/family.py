"""Tiny models of every kind; the real ones are in params.yaml."""

from hdemucs.models.demucs.config import BandsConfig, HybridConfig, ResidualConfig, WaveformConfig

SOURCES = ("drums", "bass", "other", "vocals")
COMMON = dict(sources=SOURCES, audio_channels=2, channels=8, depth=5, norm_from=3, rewrite=True)


def residual(**changes):
    """A residual branch loud enough to matter."""
    plain = dict(
        depth=2, compression=4, lstm_from=3, attention_from=3, scale=0.3, activation="gelu"
    )
    return ResidualConfig(**{**plain, **changes})


def hybrid_config(**changes):
    """A window of 1024 samples: 512, 128, 32, 8, 1 frequencies, then a level over time."""
    plain = dict(
        kind="hybrid", window=1024, branches=("spectrogram", "waveform"), bands=None,
        wiener=None, margin="reflected",
        representation="complex", activation="gelu", residual=residual(),
    )  # fmt: skip
    return HybridConfig(**{**COMMON, **plain, **changes})


def waveform_config(**changes):
    plain = dict(
        kind="waveform", standardise="mono", bottleneck_lstm=0, upsample=True,
        activation="gelu", residual=residual(),
    )  # fmt: skip
    return WaveformConfig(**{**COMMON, **plain, **changes})


V2 = dict(activation="relu", residual=None, bottleneck_lstm=2, standardise="none")
BANDS = BandsConfig(cuts=(0.1, 0.3), levels=2)

FAMILY = {
    "hybrid": hybrid_config(),
    "hybrid-magnitude": hybrid_config(representation="magnitude"),
    "hybrid-bands": hybrid_config(bands=BANDS),
    "hybrid-no-lstm": hybrid_config(residual=residual(lstm_from=None)),
    "hybrid-no-attention": hybrid_config(residual=residual(attention_from=None)),
    "hybrid-no-residual": hybrid_config(residual=None),
    "hybrid-no-norm": hybrid_config(norm_from=None),
    "hybrid-relu": hybrid_config(activation="relu", residual=residual(activation="relu")),
    "spectrogram": hybrid_config(branches=("spectrogram",)),
    "spectrogram-magnitude": hybrid_config(branches=("spectrogram",), representation="magnitude"),
    "hybrid-waveform-alone": hybrid_config(branches=("waveform",)),
    "waveform": waveform_config(),
    "waveform-relu": waveform_config(activation="relu", residual=residual(activation="relu")),
    "waveform-relu-outside": waveform_config(activation="relu"),
    "waveform-no-lstm": waveform_config(residual=residual(lstm_from=None)),
    "waveform-no-attention": waveform_config(residual=residual(attention_from=None)),
    "waveform-no-residual": waveform_config(residual=None),
    "waveform-blstm": waveform_config(
        residual=residual(lstm_from=None, attention_from=None), bottleneck_lstm=2
    ),
    "waveform-own-rate": waveform_config(upsample=False),
    "v2": waveform_config(**V2),
    "v2-own-rate": waveform_config(**V2, upsample=False),
}
