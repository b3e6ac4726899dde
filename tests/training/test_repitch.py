"""Pitch and tempo: right by ear's measures, the same for a seed, free of clipping."""

import numpy as np
import pytest

from hdemucs.automix import stretch as library
from hdemucs.data import stretch
from hdemucs.data.repitch import Repitch, RepitchConfig

RATE = 16_000
PAPER = RepitchConfig(probability=0.2, max_pitch=2, max_tempo=12.0, tempo_std=5.0)


def tone(hertz, seconds=3.0):
    time = np.arange(int(seconds * RATE)) / RATE
    return np.tile(np.sin(2 * np.pi * hertz * time), (2, 1)).astype(np.float32)


def peak_hertz(signal):
    inner = signal[0, RATE // 2 : -RATE // 2]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), 8 * len(inner)))
    return spectrum.argmax() * RATE / (8 * len(inner))


def together(signal, *how):
    """A signal among others, as examples are changed."""
    return stretch.stretched(np.stack([0 * signal, signal]), *how)[1]


@pytest.fixture(params=[together, library.stretched], ids=["examples", "mixes"])
def stretched(request):
    return request.param


@pytest.mark.parametrize("semitones", [-2, -1, 1, 2])
def test_a_tone_goes_up_by_semitones(stretched, semitones):
    expected = 440 * 2 ** (semitones / 12)
    assert peak_hertz(stretched(tone(440), RATE, semitones, 1.0)) == pytest.approx(
        expected, rel=5e-3
    )


@pytest.mark.parametrize("speed", [0.88, 0.95, 1.05, 1.12])
def test_tempo_leaves_pitch_alone_and_moves_clicks(stretched, speed):
    assert peak_hertz(stretched(tone(440), RATE, 0, speed)) == pytest.approx(440, rel=5e-3)
    clicks = np.zeros((2, 3 * RATE), np.float32)
    clicks[:, RATE::RATE] = 1
    out = stretched(clicks, RATE, 0, speed)
    assert out.shape[-1] == pytest.approx(3 * RATE / speed, abs=2)
    for second in (1, 2):
        place = int(second * RATE / speed)
        near = np.abs(out[0, place - 800 : place + 800])
        assert abs(near.argmax() - 800) < 0.01 * RATE


def test_nothing_is_clipped(stretched):
    """Normalised stems reach far beyond 1; but for its edges, 16 times the input is as much out."""
    out, plain = stretched(16 * tone(300), RATE, 1, 1.05), stretched(tone(300), RATE, 1, 1.05)
    inner = slice(RATE // 4, -RATE // 4)
    assert np.abs(out).max() > 12
    np.testing.assert_allclose(out[:, inner], 16 * plain[:, inner], rtol=0, atol=0.1)


def test_stems_are_changed_as_if_each_were_alone():
    """Also at another level; and no change is none."""
    rng = np.random.default_rng(3)
    stems = rng.standard_normal((3, 2, RATE)).astype(np.float32) * [[[1]], [[100]], [[0]]]
    stems = stems.astype(np.float32)
    out = stretch.stretched(stems, RATE, 1, 0.93)
    for stem, changed in zip(stems, out, strict=True):
        np.testing.assert_array_equal(stretch.stretched(stem[None], RATE, 1, 0.93)[0], changed)
    assert not out[2].any(), "silence stays silent"
    np.testing.assert_array_equal(stretch.stretched(stems, RATE, 0, 1.0), stems)
    half = 0.5 * stretch.stretched(2 * stems, RATE, 0, 1.07)
    np.testing.assert_allclose(half, stretch.stretched(stems, RATE, 0, 1.07), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rate", [800, 8000, 44_100])
@pytest.mark.parametrize("length", [1, 2, 300, 5000])
def test_every_length_and_rate_is_changed(rate, length):
    for semitones, speed in ((0, 0.88), (2, 1.12), (-2, 1.0)):
        out = stretch.stretched(np.ones((2, 2, length), np.float32), rate, semitones, speed)
        assert out.shape == (2, 2, round(length / speed))
        assert np.isfinite(out).all()


def test_every_example_is_cut_to_88_percent():
    batch = np.random.default_rng(0).standard_normal((6, 4, 2, 11_000)).astype(np.float32)
    out = Repitch(PAPER, RATE)(batch, range(6))
    assert out.shape == (6, 4, 2, 9680) and Repitch(PAPER, 44_100).kept(485_100) == 426_888
    same = [np.array_equal(a, b[..., :9680]) for a, b in zip(out, batch, strict=True)]
    assert any(same)


def test_a_seed_gives_the_same_example_whatever_is_beside_it():
    batch = np.random.default_rng(0).standard_normal((2, 4, 2, 11_000)).astype(np.float32)
    always = Repitch(
        RepitchConfig(probability=1.0, max_pitch=2, max_tempo=12.0, tempo_std=5.0), RATE
    )
    together, alone = always(batch, [5, 6]), always(batch[1:], [6])
    np.testing.assert_array_equal(together[1], alone[0])
    assert not np.array_equal(always(batch, [5, 6])[0], always(batch, [7, 6])[0])


def test_a_fifth_of_the_examples_changes():
    batch = np.zeros((400, 1, 1, 50), np.float32)
    changed = []
    repitch = Repitch(PAPER, RATE)
    repitch.example = lambda stems, generator: changed.append(generator) or stems
    repitch(batch, range(400))
    assert 50 < len(changed) < 110


def test_the_draws_are_the_papers(monkeypatch):
    """Five pitches alike often, tempi normal around none and cut at the most; one draw for all
    stems of an example (official demucs/augment.py, RepitchedWrapper)."""
    seen = []
    monkeypatch.setattr(
        "hdemucs.data.repitch.stretched",
        lambda stems, rate, semitones, speed: seen.append((semitones, speed)) or stems,
    )
    always = RepitchConfig(probability=1.0, max_pitch=2, max_tempo=12.0, tempo_std=5.0)
    examples = 2000
    Repitch(always, RATE)(np.zeros((examples, 4, 1, 50), np.float32), range(examples))
    assert len(seen) == examples
    pitches, speeds = np.array(seen).T
    tempi = 100 * (speeds - 1)
    counts = np.array([(pitches == pitch).sum() for pitch in (-2, -1, 0, 1, 2)])
    assert counts.sum() == examples
    assert ((counts - examples / 5) ** 2 / (examples / 5)).sum() < 18.5  # chi-square, p = 0.001
    assert abs(tempi.mean()) < 0.35  # three standard errors
    assert tempi.std() == pytest.approx(4.93, abs=0.25)
    assert np.abs(tempi).max() == pytest.approx(12)
    assert np.isclose(np.abs(tempi), 12).mean() == pytest.approx(0.016, abs=0.009)
    assert abs(np.corrcoef(pitches, tempi)[0, 1]) < 0.07
