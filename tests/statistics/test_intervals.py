"""Intervals hold what they say, and tests are the textbook's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hdemucs.benchmarks.intervals import DRAWS, of_medians, over_seeds, over_tracks
from hdemucs.config.report import IntervalConfig
from hdemucs.statistics.decisions import holm
from hdemucs.statistics.differences import compared, paired, rank_biserial, signed_rank
from hdemucs.statistics.intervals import crossed, expanded_bca, mean_interval, median_interval

CONFIG = IntervalConfig(level=0.95, resamples=1999, seed=3)


def sample(size=20, seed=0):
    return np.random.default_rng(seed).standard_normal(size)


@pytest.mark.parametrize("tracks", [4, 50])
def test_intervals_over_tracks_cover(tracks):
    covered = over_tracks(tracks, DRAWS["normal"], 400, seed=2)["ours"]
    assert 0.92 <= covered <= 0.98  # two standard errors of 400 studies


def test_intervals_over_seeds_cover():
    assert 0.92 <= over_seeds(5, 20, DRAWS["normal"], 1000, seed=2) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("tracks", [4, 8, 14, 50])
@pytest.mark.parametrize("name", sorted(DRAWS))
def test_intervals_cover_for_every_distribution(tracks, name):
    covered = over_tracks(tracks, DRAWS[name], 2000, seed=4)
    assert 0.90 <= covered["ours"] <= 0.98
    assert covered["ours"] >= covered["BCa"]


@pytest.mark.slow
def test_intervals_of_medians_cover():
    assert 0.92 <= of_medians(50, 1000, seed=4) <= 0.98


def test_without_skew_and_with_many_tracks_bca_is_students_t():
    values = np.concatenate([sample(100), -sample(100)]) + 0.3
    bca = expanded_bca(values, IntervalConfig(level=0.95, resamples=20_000, seed=3))
    error = values.std(ddof=1) / np.sqrt(len(values))
    expected = 0.3 + np.array([-1, 1]) * stats.t.ppf(0.975, 199) * error
    assert (bca.low, bca.high) == pytest.approx(tuple(expected), abs=0.01)


@given(st.integers(2, 30), st.floats(-5, 5), st.floats(0.1, 10))
@settings(max_examples=40, deadline=None)
def test_intervals_move_and_stretch_with_the_values(size, shift, scale):
    values = sample(size)[None]
    one = mean_interval(values, CONFIG)
    two = mean_interval(scale * values + shift, CONFIG)
    expected = (scale * one.low + shift, scale * one.high + shift)
    assert (two.low, two.high) == pytest.approx(expected, abs=1e-6)
    assert one.low <= values.mean() <= one.high


def test_the_method_is_named_and_depends_on_what_there_is():
    assert "Student's t" in mean_interval(sample(7)[None], CONFIG).method
    assert "BCa" in mean_interval(sample(8)[None], CONFIG).method
    assert "seeds" in mean_interval(sample(24).reshape(3, 8), CONFIG).method
    one = mean_interval(np.array([[1.0]]), CONFIG)
    assert one.holds_zero
    assert "no interval" in one.method
    same = mean_interval(np.full((1, 5), 2.0), CONFIG)
    assert (same.low, same.high) == (2.0, 2.0)


def test_seeds_that_differ_widen_the_interval():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((4, 30))
    spread = values + np.array([-1.0, -0.3, 0.3, 1.0])[:, None]
    wide, narrow = crossed(spread, 0.95), crossed(values, 0.95)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_medians_of_too_few_tracks_have_no_interval():
    assert not np.isfinite(median_interval(sample(8).reshape(2, 4), CONFIG).low)
    scores = np.stack([sample(50), sample(50, 1)])
    interval = median_interval(scores, CONFIG)
    assert interval.low < np.median(scores, axis=1).mean() < interval.high


def test_the_signed_rank_test_is_exact():
    assert signed_rank(np.array([1.0, 2, 3, 4, 5])) == pytest.approx(2 / 2**5)
    assert signed_rank(np.zeros(4)) == 1.0
    assert signed_rank(np.array([1.0, -2, 3, 0, 0])) == signed_rank(np.array([1.0, -2, 3]))


def test_the_effect_is_the_balance_of_ranks():
    assert rank_biserial(np.array([1.0, 2, 3])) == 1
    assert rank_biserial(np.array([-1.0, -2, -3])) == -1
    assert rank_biserial(np.array([3.0, -1, -2])) == 0
    assert rank_biserial(np.zeros(3)) == 0


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_tracks_without_a_score_are_left_out_of_both():
    row = np.array([[1.0, np.nan, 3.0, 4.0]])
    base = np.array([[0.0, 0.0, np.nan, 2.0]])
    np.testing.assert_array_equal(paired(row, base), [[1.0, 2.0]])
    assert compared(row, base, CONFIG).tracks == 2
    assert compared(row * np.nan, base, CONFIG) is None


def test_seeds_are_paired_in_order_or_taken_to_the_mean():
    two = np.array([[1.0, 2.0], [3.0, 6.0]])
    np.testing.assert_array_equal(paired(two, two), np.zeros((2, 2)))
    np.testing.assert_array_equal(paired(two[:1], two), [[-1.0, -2.0]])
