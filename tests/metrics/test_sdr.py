"""SDR is museval's, frame by frame, without its filters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdemucs.metrics.frames import Frames
from hdemucs.metrics.sdr import sdr

from .make_goldens import original
from .signals import KINDS, RATE, plain


def test_goldens_cover_every_kind():
    assert len(KINDS) >= 20


def test_equals_musevals_frozen_scores(case):
    references, estimates, rate, expected = case
    ours = sdr(references, estimates, rate, rate)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected[0]))
    np.testing.assert_allclose(ours, expected[0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["silent_stretch", "mono_files"])
def test_equals_museval_itself(kind):
    references, estimates = KINDS[kind]()
    expected = original(references, estimates, RATE)[0]
    np.testing.assert_allclose(sdr(references, estimates, RATE, RATE), expected, rtol=0, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_goldens_are_musevals(kind):
    from .conftest import CONTENT
    from .make_goldens import golden

    made, kept = golden(kind), CONTENT[kind]
    assert made["signals"] == kept["signals"]
    for metric in ("SDR", "ISR"):
        np.testing.assert_allclose(made["scores"][metric], kept["scores"][metric], atol=1e-6)


@given(st.integers(1, 50), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=200, deadline=None)
def test_frames_are_musevals(samples, window, hop):
    from hdemucs.evaluation.backend import museval

    theirs = [(w.start, w.stop) for w in museval().metrics.Framing(window, hop, samples)]
    ours = [(frame.start, frame.stop) for frame in Frames(samples, window, hop)]
    assert ours == theirs


def test_an_exact_estimate_is_infinitely_good():
    references, _ = plain()
    assert np.isposinf(sdr(references, references, RATE, RATE)).all()


@given(st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_the_common_level_does_not_matter(gain):
    references, estimates = plain(1.5)
    louder = sdr(gain * references, gain * estimates, RATE, RATE)
    np.testing.assert_allclose(louder, sdr(references, estimates, RATE, RATE), atol=1e-9)


def test_half_the_error_is_six_decibels_more():
    references, estimates = plain()
    half = sdr(references, (references + estimates) / 2, RATE, RATE)
    expected = sdr(references, estimates, RATE, RATE) + 20 * np.log10(2)
    np.testing.assert_allclose(half, expected, atol=1e-9)


def test_float32_signals_are_scored_in_float64():
    references, estimates = plain()  # 16-bit values: exact in float32
    single = sdr(references.astype(np.float32), estimates.astype(np.float32), RATE, RATE)
    double = sdr(references, estimates.astype(np.float32).astype(np.float64), RATE, RATE)
    np.testing.assert_allclose(single, double, rtol=0, atol=1e-12)


def test_one_frame_of_the_whole_song():
    references, estimates = plain()
    whole = sdr(references, estimates, 10**9, 10**9)
    error = np.sum((references - estimates) ** 2, axis=(1, 2))
    expected = 10 * np.log10(np.sum(references**2, axis=(1, 2)) / error)
    np.testing.assert_allclose(whole[:, 0], expected, atol=1e-12)
