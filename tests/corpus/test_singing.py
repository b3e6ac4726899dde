"""The singer sings the melody's notes, with the words' vowels, at any sample rate."""

import numpy as np
import pytest

from hdemucs.corpus.articulation import Manner
from hdemucs.corpus.lexicon import LEXICON
from hdemucs.corpus.phones import CONSONANTS, VOWELS
from hdemucs.corpus.score import Syllable
from hdemucs.corpus.singer import minimum_phase, sing

RATE = 16_000
PLAIN = Manner(tract=1.0, vibrato=5.0, depth=0.0, scoop=0.0, air=-60.0, effort=3000.0, ring=0.0)


def sung(phones, key=57, rate=RATE, manner=PLAIN, seed=0):
    """One second of one syllable from 0.5 s on, in a span of two seconds."""
    syllable = Syllable(0.5, 1.0, key, tuple(phones.split()), first=False, last=False)
    return sing([syllable], manner, (2 * rate, rate), np.random.default_rng(seed))


def power(signal, rate, bands):
    spectrum = np.abs(np.fft.rfft(signal)) ** 2
    hertz = np.fft.rfftfreq(len(signal), 1 / rate)
    return [spectrum[(hertz >= low) & (hertz < high)].sum() for low, high in bands]


def middle(signal, rate=RATE):
    return signal[round(0.8 * rate) : round(1.3 * rate)]


@pytest.mark.parametrize("key", [48, 57, 69])
def test_the_pitch_is_the_notes(key):
    """By autocorrelation, within a third of a semitone (drift is part of singing)."""
    voice = middle(sung("AA", key))
    correlation = np.correlate(voice, voice, "full")[len(voice) :]
    lags = np.arange(1, len(correlation) + 1)
    allowed = (lags > RATE / 1000) & (lags < RATE / 80)
    best = lags[allowed][correlation[allowed].argmax()]
    wanted = 440 * 2 ** ((key - 69) / 12)
    assert abs(12 * np.log2(RATE / best / wanted)) < 0.34


def test_vowels_have_their_formants():
    """/i/ is strong at its second formant (2290 Hz), /a/ at its own two (730, 1090 Hz)."""
    bands = [(150, 450), (600, 1250), (1900, 2700)]
    (_, iy_middle, iy_top), (aa_low, aa_middle, aa_top) = (
        power(middle(sung(phone, 45)), RATE, bands) for phone in ("IY", "AA")
    )
    assert iy_top > 4 * iy_middle
    assert aa_middle > 2 * aa_low
    assert aa_middle > 10 * aa_top


def test_sibilants_hiss_before_the_beat_and_have_no_voice():
    bands = [(80, 1000), (5500, 8000)]
    sound = sung("S AA")
    low, high = power(sound[round(0.40 * RATE) : round(0.47 * RATE)], RATE, bands)
    assert high > 3 * low
    low, high = power(middle(sound), RATE, bands)
    assert low > 30 * high


def test_silence_where_nobody_sings():
    sound = sung("AA")
    assert np.abs(sound[: round(0.3 * RATE)]).max() < 1e-3 * np.abs(sound).max()
    assert np.abs(sound[round(1.7 * RATE) :]).max() < 1e-3 * np.abs(sound).max()
    assert not sing([], PLAIN, (RATE, RATE), np.random.default_rng(0)).any()


def test_loudness_does_not_depend_on_the_rate_and_hardly_on_the_pitch():
    levels = [middle(sung("AA", 57, rate), rate).std() for rate in (16_000, 44_100)]
    assert levels[0] == pytest.approx(levels[1], rel=0.15)
    levels = [middle(sung("AH", key)).std() for key in (45, 52, 64)]
    assert max(levels) < 2.5 * min(levels)


def test_a_minimum_phase_response_has_its_magnitude_and_comes_at_once():
    grid = np.fft.rfftfreq(512, 1 / RATE)
    magnitude = 0.1 + np.exp(-0.5 * ((grid - 1000) / 300) ** 2)[None]
    response = minimum_phase(magnitude)
    np.testing.assert_allclose(np.abs(response), magnitude, rtol=1e-6)
    energy = np.cumsum(np.fft.irfft(response, axis=1)[0] ** 2)
    linear = np.cumsum(np.roll(np.fft.irfft(magnitude, axis=1)[0], 256) ** 2)
    assert (energy >= linear - 1e-9).all()
    assert energy[64] > 0.99 * energy[-1]


def test_the_lexicon_speaks_known_phones_one_vowel_a_syllable():
    assert len(LEXICON) >= 200
    for word, syllables in LEXICON.items():
        for phones in syllables:
            assert all(phone in VOWELS or phone in CONSONANTS for phone in phones), word
            assert sum(phone in VOWELS for phone in phones) == 1, word
