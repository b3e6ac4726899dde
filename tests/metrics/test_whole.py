"""nSDR and SI-SDR are their definitions."""

import numpy as np
import pytest
import torch

from hdemucs.metrics.nsdr import nsdr
from hdemucs.metrics.sisdr import si_sdr

from .signals import plain


def test_nsdr_is_that_of_the_official_package():
    from demucs.evaluate import new_sdr

    references, estimates = plain(sources=4)
    as_theirs = [torch.from_numpy(x)[None].transpose(2, 3) for x in (references, estimates)]
    expected = new_sdr(*as_theirs)[0].numpy()
    np.testing.assert_allclose(nsdr(references, estimates), expected, rtol=0, atol=1e-9)


def test_nsdr_of_silence_is_defined():
    silence = np.zeros((1, 2, 1000))
    assert nsdr(silence, silence) == 0
    assert nsdr(silence, silence + 1) == pytest.approx(10 * np.log10(1e-7 / 2000), abs=1e-6)


def test_nsdr_of_long_songs_loses_no_digits():
    references = np.full((1, 2, 300_000), 0.5, np.float32)
    estimates = references + np.float32(2**-10)
    expected = 20 * np.log10(0.5 * 2**10)
    assert nsdr(references, estimates)[0] == pytest.approx(expected, abs=1e-6)


def test_a_gain_changes_no_si_sdr():
    references, estimates = plain()
    first = si_sdr(references, estimates)
    np.testing.assert_allclose(si_sdr(references, -3.7 * estimates), first, atol=1e-9)
    np.testing.assert_allclose(si_sdr(0.1 * references, estimates), first, atol=1e-9)


def test_si_sdr_is_the_angle_between_the_signals():
    references, estimates = plain()
    a, b = references.reshape(len(references), -1), estimates.reshape(len(estimates), -1)
    cosine = np.sum(a * b, 1) ** 2 / (np.sum(a**2, 1) * np.sum(b**2, 1))
    expected = 10 * np.log10(cosine / (1 - cosine))
    np.testing.assert_allclose(si_sdr(references, estimates), expected, atol=1e-9)


def test_si_sdr_needs_sound():
    references, estimates = plain(1.0)
    references[0] = 0
    estimates[1] = 0
    assert np.isnan(si_sdr(references, estimates)).tolist() == [True, True, False]


def test_shorter_and_longer_estimates_are_fitted():
    references, estimates = plain()
    padded = np.pad(estimates[..., :-700], ((0, 0), (0, 0), (0, 700)))
    for metric in (nsdr, si_sdr):
        np.testing.assert_array_equal(
            metric(references, estimates[..., :-700]), metric(references, padded)
        )
        longer = np.pad(estimates, ((0, 0), (0, 0), (0, 9)), constant_values=1.0)
        np.testing.assert_array_equal(metric(references, longer), metric(references, estimates))
