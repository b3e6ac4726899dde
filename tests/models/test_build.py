"""Builds: the paper's sizes, and the same weights for the same seed."""

import pytest
import torch

from hdemucs.models.family import build, skeleton
from tests.family import BANDS, FAMILY, V2, hybrid_config, residual, waveform_config

PAPER = dict(depth=6, norm_from=4, residual=residual(lstm_from=4, attention_from=4))
HYBRID = dict(PAPER, channels=48, window=4096)
WAVEFORM = dict(PAPER, channels=64)
NEITHER = residual(lstm_from=None, attention_from=None)

# Counted on the official package's models (demucs 4.1.0).
COUNTS = {
    "hybrid": (hybrid_config(**HYBRID), 83_637_832),
    "hybrid-magnitude": (hybrid_config(**HYBRID, representation="magnitude"), 83_633_984),
    "hybrid-bands": (hybrid_config(**HYBRID, bands=BANDS), 83_910_360),
    "hybrid-neither": (hybrid_config(**{**HYBRID, "residual": NEITHER}), 66_619_272),
    "hybrid-no-residual": (hybrid_config(**{**HYBRID, "residual": None}), 58_209_240),
    "spectrogram": (hybrid_config(**HYBRID, branches=("spectrogram",)), 75_293_768),
    "waveform": (waveform_config(**WAVEFORM), 133_753_064),
    "waveform-no-residual": (waveform_config(**{**WAVEFORM, "residual": None}), 89_484_936),
    "waveform-blstm": (
        waveform_config(**{**WAVEFORM, "residual": NEITHER}, bottleneck_lstm=2), 279_753_384,
    ),
    "v2": (waveform_config(**{**WAVEFORM, **V2}), 265_713_288),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_count_as_the_papers(name):
    config, count = COUNTS[name]
    assert sum(p.numel() for p in skeleton(config).parameters()) == count


@pytest.mark.parametrize("name", ["hybrid-bands", "v2"])
def test_a_seed_is_a_model(name):
    once, again, other = (build(FAMILY[name], seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(once[key], again[key]) for key in once)
    assert not all(torch.equal(once[key], other[key]) for key in once)


def test_building_draws_from_nobody_elses_generator():
    before = torch.get_rng_state()
    build(FAMILY["v2"], seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_seeds_weights_do_not_depend_on_the_number_of_threads():
    threads = torch.get_num_threads()
    config = waveform_config(channels=24)
    try:
        states = []
        for count in (1, 2):
            torch.set_num_threads(count)
            states.append(build(config, seed=3).state_dict())
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_convolutions_start_at_a_tenth():
    """The first Demucs' rescaling: w / sqrt(std(w) / 0.1), so its spread is sqrt(0.1 std(w))."""
    weight = build(hybrid_config(channels=32), seed=3).trunk.leave.conv.weight
    plain = 1 / (3 * weight[0].numel()) ** 0.5  # torch draws from +-1 / sqrt(fan in)
    assert weight.std().item() == pytest.approx((0.1 * plain) ** 0.5, rel=0.02)
