"""The sampler plays in tune, without aliases, and stops when told to."""

import numpy as np
import pytest

from hdemucs.corpus.sampler import DRUMS, Sampler
from hdemucs.corpus.score import Note

RATE = 16_000


def spectrum(signal, rate):
    """Hz and power."""
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    return np.fft.rfftfreq(len(signal), 1 / rate), power


def play(font, program, key, rate=RATE, seconds=1.0, bank=0):
    note = Note(0.0, seconds, key, 100)
    return Sampler(font, rate).play([note], bank, program, round(2 * seconds * rate))


def test_the_font_is_general_midi(font):
    """128 programs and 8 kits (and the font's own drum bank numbers)."""
    assert {program for bank, program in font.presets if bank == 0} == set(range(128))
    assert {p for bank, p in font.presets if bank == DRUMS} >= {0, 8, 16, 24, 25, 32, 40, 48}


@pytest.mark.parametrize("program", [16, 33, 48, 73])  # organ, bass, strings, flute
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_notes_are_in_tune(font, program, rate):
    """The strongest partial near the fundamental is within a fifth of a semitone of 220 Hz."""
    sound = play(font, program, 57, rate)[:, rate // 4 : rate].sum(axis=0)
    hertz, power = spectrum(sound, rate)
    near = (hertz > 190) & (hertz < 250)
    found = hertz[near][power[near].argmax()]
    assert abs(12 * np.log2(found / 220)) < 0.2


@pytest.mark.parametrize("key", [84, 90, 96])
def test_there_are_no_aliases(font, key):
    """A high flute at 16 kHz is the one at 44.1 kHz without its top: nothing folds down."""
    low, high = (play(font, 73, key, rate).sum(axis=0) for rate in (16_000, 44_100))
    powers = []
    for signal, rate in ((low, 16_000), (high, 44_100)):
        hertz, power = spectrum(signal[rate // 4 : rate], rate)
        bands = [power[(hertz >= f) & (hertz < f + 500)].sum() for f in range(0, 7000, 500)]
        powers.append(np.array(bands) / sum(bands))
    quiet = powers[1] < 1e-4
    assert quiet.any()
    assert (powers[0][quiet] < 10 * powers[1][quiet] + 1e-8).all()


def test_a_loop_holds_a_note_as_long_as_it_is_held(font):
    """Ten seconds of organ from a sample that lasts less; then its release, then nothing."""
    sound = play(font, 16, 60, seconds=10.0).sum(axis=0)
    level = np.sqrt((sound.reshape(-1, RATE) ** 2).mean(axis=1))
    assert level[9] > 0.3 * level[2]
    assert level[-1] < 1e-3 * level[2]


def test_a_louder_note_is_louder(font):
    """The default velocity curve: 40 dB a decade of velocity."""
    soft, loud = (
        Sampler(font, RATE).play([Note(0.0, 0.5, 60, velocity)], 0, 0, RATE)
        for velocity in (60, 120)
    )
    gain = 20 * np.log10(np.abs(loud).max() / np.abs(soft).max())
    assert gain == pytest.approx(12, abs=4)


def test_notes_do_not_meet(font):
    """Two notes together are the sum of each alone."""
    notes = [Note(0.1, 0.3, 60, 90), Note(0.2, 0.3, 64, 90)]
    sampler = Sampler(font, RATE)
    both = sampler.play(notes, 0, 0, RATE)
    apart = [sampler.play([note], 0, 0, RATE) for note in notes]
    np.testing.assert_allclose(both, sum(apart), atol=1e-12)


def test_a_short_release_cuts_an_open_hat(font):
    ringing, choked = Note(0.0, 4.0, 46, 100), Note(0.0, 0.1, 46, 100, release=0.03)
    long, short = (Sampler(font, RATE).play([n], DRUMS, 0, RATE) for n in (ringing, choked))
    after = slice(round(0.2 * RATE), round(0.4 * RATE))
    assert np.abs(long[:, after]).max() > 0.01
    assert np.abs(short[:, after]).max() == 0


def test_a_note_before_the_end_is_cut_at_the_end(font):
    sound = Sampler(font, RATE).play([Note(0.9, 4.0, 60, 100)], 0, 0, RATE)
    assert sound.shape == (2, RATE)
    assert np.abs(sound[:, -100:]).max() > 0
