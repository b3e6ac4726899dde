"""Loudness is BS.1770's: its own table, its own tone, and pyloudnorm on noise."""

import math

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from hdemucs.loudness import gated, high_pass, loudness, momentary_power, shelf, true_peak


def tone(frequency, rate, seconds=3.0, amplitude=1.0):
    wave = amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)
    return np.stack([wave, wave]).astype(np.float32)


def test_the_filters_are_the_standards_at_48_khz():
    """BS.1770-4, tables 1 and 2."""
    b, a = shelf(48_000)
    np.testing.assert_allclose(
        b, [1.53512485958697, -2.69169618940638, 1.19839281085285], atol=1e-11
    )
    np.testing.assert_allclose(a, [1.0, -1.69065929318241, 0.73248077421585], atol=1e-11)
    _, a = high_pass(48_000)
    np.testing.assert_allclose(a, [1.0, -1.99004745483398, 0.99007225036621], atol=1e-11)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
def test_a_tone_of_997_hz_at_minus_23_has_minus_23(rate):
    """BS.1770-4: 997 Hz at 0 dBFS in one channel is -3.01 LUFS, so both at -23 dBFS are -23."""
    assert loudness(tone(997, rate, amplitude=10 ** (-23 / 20)), rate) == pytest.approx(
        -23, abs=0.1
    )


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_song_without_treble_is_as_loud_at_any_rate(rate):
    """Noise below 2 kHz, measured at this rate and, resampled, by the standard's own table."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.normal(size=(2, 5 * rate)))
    spectrum[:, np.fft.rfftfreq(5 * rate, 1 / rate) > 2000] = 0
    low = np.fft.irfft(spectrum)
    at_48 = resample_poly(low, 48_000 // math.gcd(48_000, rate), rate // math.gcd(48_000, rate), 1)
    assert loudness(low, rate) == pytest.approx(loudness(at_48, 48_000), abs=0.02)


@pytest.mark.parametrize(("rate", "within"), [(44_100, 0.05), (16_000, 0.15)])
def test_it_agrees_with_pyloudnorm(rate, within):
    """At 16 kHz the two designs warp the treble differently; white noise shows it at its worst."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 5 * rate)) * np.repeat([0.001, 0.1, 0.03, 0.2, 0.0], rate)
    wanted = pyloudnorm.Meter(rate).integrated_loudness(noise.T)
    assert loudness(noise.astype(np.float32), rate) == pytest.approx(wanted, abs=within)


def test_silence_has_none():
    assert loudness(np.zeros((2, 16_000), np.float32), 16_000) == -np.inf
    assert true_peak(np.zeros((2, 100), np.float32)) == -np.inf


def test_gain_adds_up():
    noise = np.random.default_rng(1).normal(size=(2, 32_000)).astype(np.float32)
    quiet = loudness(noise * np.float32(0.1), 16_000)
    assert quiet == pytest.approx(loudness(noise, 16_000) - 20, abs=1e-4)


def test_blocks_are_400_ms_every_100_ms():
    assert len(momentary_power(np.ones((2, 16_000), np.float32), 16_000)) == 7
    with pytest.raises(ValueError, match="less than one block"):
        momentary_power(np.ones((2, 6000), np.float32), 16_000)


def test_the_relative_gate_leaves_pauses_out():
    loud, pause = np.full(20, 1e-2), np.full(80, 1e-5)
    assert gated(np.concatenate([loud, pause])) == pytest.approx(gated(loud))


def test_true_peak_sees_between_samples():
    """A sine at a quarter of the rate, 45 degrees off: its samples miss the peak by 3 dB."""
    phase = np.pi / 4 + np.pi / 2 * np.arange(4000)
    wave = np.stack([np.sin(phase)] * 2).astype(np.float32)
    assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak(wave) == pytest.approx(0, abs=0.2)
