"""Studio effects by what they promise."""

import numpy as np
import pytest

from hdemucs.corpus import effects
from hdemucs.corpus.mixer import CEILING, mastered, quantised

RATE = 16_000


def noise(seconds=1.0, seed=0):
    return np.random.default_rng(seed).normal(size=(2, round(seconds * RATE)))


def tone(hertz, seconds=1.0):
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, wave])


def rms(signal):
    return np.sqrt((signal**2).mean())


def test_the_limiter_keeps_every_peak_under_the_ceiling():
    loud = 5 * noise() * (1 + np.sin(np.arange(RATE) / 3000))
    peaks = np.abs(loud).max(axis=0)
    curve = effects.limiting(peaks, 0.89, RATE)
    assert (peaks * curve).max() <= 0.89 + 1e-12
    assert (effects.limiting(np.full(RATE, 0.5), 0.89, RATE) == 1).all()


def test_mastering_is_one_gain_for_all_stems():
    """The stems' ratios are what they were, sample by sample."""
    stems = {"a": noise(seed=1), "b": 0.3 * noise(seed=2)}
    done = mastered(stems, RATE, np.random.default_rng(0))
    inner = slice(0, -1000)
    gains = [(done[name] / stems[name])[:, inner] for name in stems]
    np.testing.assert_allclose(gains[0], gains[1], rtol=1e-9)
    assert np.abs(sum(done.values())).max() <= CEILING + 1e-9


def test_quantised_stems_add_up_even_at_the_ceiling():
    stems = {name: np.full((2, 10), 0.2225) for name in ("a", "b", "c", "d")}
    whole = quantised(stems)
    total = sum(whole[name].astype(np.int32) for name in stems)
    assert (whole["mixture"] == total).all()
    assert whole["mixture"].dtype == np.int16


def test_convolution_is_convolution():
    """Blocks and all, against the sum written out by numpy."""
    signal, response = noise(5.0, 1), noise(0.3, 2)
    for size in (80_000, 200):
        short = signal[:, :size]
        direct = [np.convolve(x, h)[:size] for x, h in zip(short[:, :3000], response, strict=True)]
        ours = effects.convolved(short[:, :3000], response)
        np.testing.assert_allclose(ours, np.stack(direct)[:, : ours.shape[1]], atol=1e-9)


def test_long_signals_are_convolved_without_seams():
    click = np.zeros((2, 3 * effects.BLOCK))
    click[:, :: effects.BLOCK // 2] = 1.0
    response = np.zeros((2, 100))
    response[:, 99] = 2.0
    out = effects.convolved(click, response)
    np.testing.assert_allclose(out[:, 99:], 2 * click[:, :-99], atol=1e-9)


def test_a_reverb_decays_by_60_db_in_its_time():
    click = np.zeros((2, 2 * RATE))
    click[:, 0] = 1
    wet = effects.reverb(click, 1.0, RATE, np.random.default_rng(0))
    early, late = (rms(wet[:, round(t * RATE) : round((t + 0.1) * RATE)]) for t in (0.1, 0.6))
    assert 20 * np.log10(early / late) == pytest.approx(30, abs=5)


def test_a_compressor_narrows_the_range_and_leaves_the_soft_alone():
    soft, loud = 0.1 * tone(440, 2.0), tone(440, 2.0)
    out = effects.compressed(np.concatenate([soft, loud], axis=1), -6.0, 4.0, RATE)
    ends = rms(out[:, RATE : 2 * RATE]), rms(out[:, -RATE:])
    assert ends[0] == pytest.approx(rms(soft), rel=0.02)
    assert ends[1] < 0.75 * rms(loud)


def test_a_sweep_takes_the_top_away_and_gives_it_back():
    out = effects.swept(tone(5000, 4.0), 5.0, 4.0, RATE)
    assert out.shape == (2, 4 * RATE)
    opened, closed = rms(out[:, RATE // 2 : 3 * RATE // 2]), rms(out[:, 5 * RATE // 2 : -RATE // 2])
    assert opened > 5 * closed
    assert opened == pytest.approx(rms(tone(5000)), rel=0.2)


def test_an_echo_alternates_sides_and_fades():
    click = np.zeros((2, RATE))
    click[0, 0] = 1
    out = effects.echoed(click, 0.25, 0.5, RATE)
    assert out[1, RATE // 4] == 0.5
    assert out[0, RATE // 2] == 0.25
    assert np.count_nonzero(out) == 3


def test_chorus_drive_and_tilt_keep_length_and_finite():
    signal = noise()
    rng = np.random.default_rng(0)
    for out in (
        effects.chorused(signal, 0.5, RATE, rng),
        effects.driven(signal, 1.5),
        effects.tilted(signal, 6.0, RATE),
    ):
        assert out.shape == signal.shape
        assert np.isfinite(out).all()


def test_a_tilt_turns_around_one_kilohertz():
    gains = [rms(effects.tilted(tone(f), 6.0, RATE)) / rms(tone(f)) for f in (60, 7000)]
    assert 20 * np.log10(gains[0]) == pytest.approx(-3, abs=0.5)
    assert 20 * np.log10(gains[1]) == pytest.approx(3, abs=0.5)


def test_panning_keeps_the_power():
    mono = noise()[0]
    for place in (-1.0, -0.3, 0.0, 1.0):
        assert (effects.panned(mono, place) ** 2).sum() == pytest.approx((mono**2).sum())
