"""Full BSSEval v4 is museval's, on every kind of signal, in every frame."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from hdemucs.evaluation.backend import museval
from hdemucs.metrics.bsseval import correlation, evaluate
from hdemucs.metrics.bsseval.evaluate import bsseval
from hdemucs.metrics.bsseval.filters import IllPosedWarning, dense, project
from hdemucs.metrics.bsseval.levinson import Inverse, Toeplitz, levinson
from hdemucs.metrics.bsseval.spectra import fast_length

from .make_goldens import ORDER
from .signals import RATE, estimated, plain

LOUD = 150  # dB: above, museval's own numbers are rounding noise


def same(ours, theirs, atol):
    """Equal where museval's numbers mean something, NaN and infinity in the same frames."""
    stacked = np.stack([ours[metric] for metric in ORDER])
    np.testing.assert_array_equal(np.isnan(stacked), np.isnan(theirs))
    meant = ~(theirs > LOUD)
    np.testing.assert_allclose(stacked[meant], theirs[meant], rtol=0, atol=atol)
    assert (stacked[~meant] > LOUD - 10).all()


@pytest.mark.filterwarnings("ignore::hdemucs.metrics.bsseval.filters.IllPosedWarning")
def test_equals_musevals_frozen_scores(case):
    references, estimates, rate, expected = case
    same(bsseval(references, estimates, rate, rate), expected, atol=1e-5)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_equals_museval_for_any_length_window_hop_and_filter(data):
    taps = data.draw(st.integers(2, 24))
    samples = data.draw(st.integers(6 * taps, 2500))
    window, hop = data.draw(st.integers(taps, 900)), data.draw(st.integers(1, 900))
    sources, channels = data.draw(st.integers(2, 3)), data.draw(st.integers(1, 2))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    references = rng.standard_normal((sources, channels, samples))
    estimates = estimated(rng, references)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = museval().metrics.bss_eval(
            *(np.moveaxis(x, 1, 2) for x in (references, estimates)),
            window=window,
            hop=hop,
            filters_len=taps,
        )[:4]
    same(bsseval(references, estimates, window, hop, taps), np.stack(expected), atol=1e-4)


@pytest.mark.parametrize(("window", "hop"), [(900, 900), (50, 50), (300, 300), (300, 100)])
def test_pieces_and_seams_change_nothing(monkeypatch, window, hop):
    """Frames may be shorter or longer than the pieces that are correlated, or overlap."""
    references, estimates = plain(0.7)
    expected = bsseval(references, estimates, window, hop, 33)
    for long, together in ((2, 1), (3, 2), (64, 3)):
        monkeypatch.setattr(correlation, "LONG", long)
        monkeypatch.setattr(correlation, "TOGETHER", together)
        scores = bsseval(references, estimates, window, hop, 33)
        for metric in ORDER:
            np.testing.assert_allclose(scores[metric], expected[metric], atol=1e-7)


def test_energies_from_correlations_are_those_of_the_parts(monkeypatch):
    """Without memory for the frames' correlations, the parts themselves are computed."""
    references, estimates = plain(2.2)
    scores = bsseval(references, estimates, RATE, RATE, 64)
    monkeypatch.setattr(evaluate, "KEPT", 0)
    expected = bsseval(references, estimates, RATE, RATE, 64)
    for metric in ORDER:
        np.testing.assert_allclose(scores[metric], expected[metric], atol=1e-6)


def test_energies_that_rounding_may_change_are_those_of_the_parts(monkeypatch):
    """Nearly perfect estimates leave artifacts too faint for a difference of large energies."""
    references, estimates = plain(2.2)
    estimates[:] = references
    estimates[..., RATE:] += 1e-5 * np.roll(references[..., RATE:], 40, -1) ** 2
    scores = bsseval(references, estimates, RATE, RATE, 64)
    assert (scores["SAR"] > 100).all()
    monkeypatch.setattr(evaluate, "KEPT", 0)
    expected = bsseval(references, estimates, RATE, RATE, 64)
    for metric in ORDER:
        np.testing.assert_allclose(scores[metric], expected[metric], atol=1e-6)


def test_the_order_of_sources_does_not_matter():
    references, estimates = plain()
    order = [2, 0, 1]
    first = bsseval(references, estimates, RATE, RATE)
    second = bsseval(references[order], estimates[order], RATE, RATE)
    for metric in ORDER:
        np.testing.assert_allclose(second[metric], first[metric][order], atol=1e-6)


def test_filtered_references_are_all_target():
    """An estimate that is its own reference through a short filter has only spatial distortion."""
    references, _ = plain()
    echo = references + 0.3 * np.roll(references, 20, -1)
    echo[..., :20] = references[..., :20]
    scores = bsseval(references, echo, RATE, RATE)
    assert (scores["SIR"] > 45).all()  # but for what a frame hears of the one before
    assert (scores["ISR"] < 15).all()


def test_references_without_upper_band_kept_as_floats_are_warned_of():
    rng = np.random.default_rng(0)
    band = butter(12, 0.3, output="sos")
    references = sosfiltfilt(band, rng.standard_normal((2, 2, 3 * RATE)))
    estimates = sosfiltfilt(band, estimated(rng, references))
    with pytest.warns(IllPosedWarning, match="linearly dependent to working precision"):
        scores = bsseval(references, estimates, RATE, RATE, 512)
    exact = evaluate.sdr(references, estimates, RATE, RATE)
    np.testing.assert_array_equal(scores["SDR"], exact)


def system(rng, batch, count, size, extra):
    """A positive definite block Toeplitz matrix from the correlations of random signals."""
    signal = rng.standard_normal((batch, size, extra + count))
    padded = np.pad(signal, ((0, 0), (0, 0), (count, count)))
    lags = [
        padded @ np.roll(padded, -lag, -1).swapaxes(1, 2) for lag in range(count)
    ]  # sum of a[n] b[n + lag]
    return np.stack(lags, 1)


@given(st.integers(1, 3), st.integers(2, 9), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_levinson_inverts_block_toeplitz_matrices(batch, count, size, seed):
    rng = np.random.default_rng(seed)
    lags = system(rng, batch, count, size, 60)
    vectors = rng.standard_normal((batch, count, size, 3))
    solved = np.stack([dense(one, two) for one, two in zip(lags, vectors, strict=True)])
    np.testing.assert_allclose(Toeplitz(lags)(solved), vectors, atol=1e-8)
    np.testing.assert_allclose(Inverse(levinson(lags))(vectors), solved, atol=1e-8)
    np.testing.assert_allclose(project(lags, vectors)[0], solved, atol=1e-8)


@given(st.integers(1, 10**6))
def test_fast_lengths_are_even_and_smooth(least):
    length = fast_length(least)
    assert length >= least
    assert length % 2 == 0
    for prime in (2, 3, 5, 7):
        while length % prime == 0:
            length //= prime
    assert length == 1


@pytest.mark.slow
def test_sixty_seconds_equal_museval():
    references, estimates = plain(60 * 44100 / RATE, 4, seed=9)
    references[0, :, : 5 * 44100] = 0
    expected = museval().evaluate(*(np.moveaxis(x, 1, 2) for x in (references, estimates)))
    same(bsseval(references, estimates, 44100, 44100), np.stack(expected), atol=1e-3)
