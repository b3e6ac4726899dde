"""Anchors are what the standard and the papers say, at any rate."""

import numpy as np
import pytest

from hdemucs.errors import UserError
from hdemucs.listening.stimuli.anchors import (
    RECIPES,
    Material,
    dropped,
    istft,
    levelled,
    musical_noise,
    stft,
)
from hdemucs.listening.stimuli.filters import filtered, low_pass, measured, nears_nyquist
from hdemucs.loudness import loudness
from hdemucs.metrics.one_source import nsdr_of_one
from tests.listening.family import RATE, listening_config, stems


def material(source="vocals", rate=RATE):
    made = stems(1, rate, 4.0)
    return Material(made.pop(source), list(made.values()), rate)


def anchor(name, of):
    return RECIPES[name](of, listening_config().anchors, np.random.default_rng(0))


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("edge", [3500, 7000])
def test_low_pass_filters_meet_the_mask(edge, rate):
    """BS.1534-3, 5.1: ripple within 0.1 dB, 25 dB at 4 kHz, 50 dB at 4.5 kHz (3.5 kHz anchor)."""
    found = measured(edge, rate)
    assert found.meets_mask
    assert found.ripple < 0.01
    assert found.far is None or found.far > 65


def test_the_lengths_at_44100_hz():
    assert (measured(3500, 44_100).taps, measured(7000, 44_100).taps) == (383, 193)


def test_the_7_khz_anchor_nears_nyquist_at_16_khz():
    assert nears_nyquist(7000, 16_000)
    assert not nears_nyquist(3500, 16_000)
    with pytest.raises(UserError, match="remove lowpass-7000"):
        low_pass(7000, 14_000)


def test_a_low_pass_anchor_is_not_late():
    slow = np.sin(2 * np.pi * 500 * np.arange(8000) / RATE)[None].repeat(2, 0).astype(np.float32)
    kept = filtered(slow, low_pass(3500, RATE))
    np.testing.assert_allclose(kept[:, 200:-200], slow[:, 200:-200], atol=1e-3)
    fast = np.sin(2 * np.pi * 5000 * np.arange(8000) / RATE)[None].repeat(2, 0).astype(np.float32)
    assert np.abs(filtered(fast, low_pass(3500, RATE))[:, 200:-200]).max() < 1e-3


def test_the_spectrum_comes_back():
    signal = np.random.default_rng(2).normal(size=(2, 12_345)).astype(np.float32)
    np.testing.assert_allclose(istft(stft(signal), 12_345), signal, atol=1e-6)


def test_the_mixture_is_the_sum():
    of = material()
    np.testing.assert_allclose(anchor("mixture", of), of.target + sum(of.rest), atol=1e-6)


@pytest.mark.parametrize("name", ["quality", "distorted-target", "artifact"])
def test_distorted_anchors_are_as_loud_as_the_target(name):
    of = material()
    assert loudness(anchor(name, of), RATE) == pytest.approx(loudness(of.target, RATE), abs=0.05)
    assert nsdr_of_one(of.target, anchor(name, of)) < 10


def test_interference_is_as_loud_as_the_target():
    of = material()
    others = anchor("interference", of) - of.target
    assert loudness(others, RATE) == pytest.approx(loudness(of.target, RATE), abs=0.05)


@pytest.mark.parametrize("name", ["quality", "distorted-target", "artifact"])
def test_masks_are_the_same_in_both_channels(name):
    mono = np.repeat(material().target[:1], 2, 0)
    made = anchor(name, Material(mono, material().rest, RATE))
    np.testing.assert_array_equal(made[0], made[1])


def test_shares_are_those_asked_for():
    signal = np.random.default_rng(3).normal(size=(2, 2_000_000)).astype(np.float32)
    power = np.square(signal).sum()
    noise = musical_noise(signal, 0.99, np.random.default_rng(4))
    # Half-overlapping Hann frames: of independent bins (1/4 + 1/8) / (1/2) of the energy is left.
    assert np.square(noise).sum() / power == pytest.approx(0.01 * 0.75, rel=0.05)
    holes = dropped(signal, 0.2, np.random.default_rng(4))
    assert np.square(holes).sum() / power == pytest.approx(0.8 * 0.8 + 0.8 * 0.2 * 0.75, rel=0.05)


def test_a_bass_has_no_low_pass_anchor():
    """It is a second hidden reference, which is why such anchors are dropped."""
    of = material("bass")
    assert nsdr_of_one(of.target, anchor("lowpass-3500", of)) > 40


def test_silence_cannot_be_levelled():
    silence = np.zeros((2, RATE), np.float32)
    np.testing.assert_array_equal(levelled(silence, -23.0, RATE), silence)


def test_anchors_are_seeded():
    of = material()
    for name in RECIPES:
        np.testing.assert_array_equal(anchor(name, of), anchor(name, of))
