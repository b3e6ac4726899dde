"""A claim is decided as often as it should be, and never both ways."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from hdemucs.statistics.decisions import Test, Word, decided, holm, of_more, of_no_difference
from hdemucs.statistics.estimates import (
    Estimate,
    Spreads,
    errors,
    estimate,
    over_both,
    over_tracks,
    spreads,
)
from hdemucs.statistics.power import WANTED, Design, Question, power, smallest

SEEN = Spreads(track=0.5, seed=0.1, rest=0.3)


def studies(count, seeds, tracks, effect=0.0, seen=SEEN, seed=0):
    rng = np.random.default_rng(seed)
    return (
        effect
        + seen.track * rng.standard_normal((count, 1, tracks))
        + seen.seed * rng.standard_normal((count, seeds, 1))
        + seen.rest * rng.standard_normal((count, seeds, tracks))
    )


def test_over_tracks_it_is_scipys_t_test():
    values = studies(1, 1, 12, 0.2)[0]
    two_sided = of_more(estimate(values)).p
    assert two_sided == pytest.approx(stats.ttest_1samp(values[0], 0).pvalue)


def test_the_two_one_sided_tests_are_statsmodels():
    values = studies(1, 1, 12)[0]
    expected = DescrStatsW(values[0]).ttost_mean(-0.4, 0.4)[0]
    assert of_no_difference(estimate(values), 0.4).claim == pytest.approx(expected)


def test_without_a_spread_between_seeds_it_is_over_tracks():
    """Seeds that agree add nothing: the error is that of the tracks alone."""
    values = np.repeat(studies(1, 1, 20)[0], 3, axis=0)
    both, tracks = over_both(values), over_tracks(values[0])
    assert (both.mean, both.error) == pytest.approx((tracks.mean, tracks.error))
    assert both.freedom == tracks.freedom


def test_many_studies_at_once_are_each_study():
    values = studies(5, 3, 8)
    error, freedom = errors(values)
    each = [over_both(one) for one in values]
    assert error.tolist() == pytest.approx([one.error for one in each])
    assert freedom.tolist() == pytest.approx([one.freedom for one in each])


def test_spreads_are_found_again():
    found = spreads(studies(1, 40, 400, seen=Spreads(track=0.5, seed=0.2, rest=0.3))[0])
    assert (found.track, found.seed, found.rest) == pytest.approx((0.5, 0.2, 0.3), rel=0.15)


@pytest.mark.parametrize(("claims", "count"), [(1, 400), (12, 100)])
def test_claims_that_are_not_true_are_seldom_supported(claims, count):
    """At least one of several untrue claims is decided in 5 % of the studies, or fewer."""
    values = studies(count * claims, 3, 16).reshape(count, claims, 3, 16)
    wrong = sum(
        any(
            one.word is not Word.UNDECIDED
            for one in decided([of_more(estimate(values)) for values in study], 0.95)
        )
        for study in values
    )
    assert wrong / count < 0.05 + 2 * np.sqrt(0.05 * 0.95 / count)


def test_no_difference_is_not_what_a_failed_test_shows():
    """Few noisy tracks show neither a difference nor that there is none; many show the latter."""
    few, many = studies(1, 3, 4)[0], studies(1, 3, 2000, seen=Spreads(0.5, 0.0, 0.3))[0]
    assert decided([of_no_difference(estimate(few), 0.1)], 0.95)[0].word is Word.UNDECIDED
    assert decided([of_no_difference(estimate(many), 0.1)], 0.95)[0].word is Word.SUPPORTED


@given(st.floats(-2, 2), st.floats(0.01, 1), st.floats(2, 50))
def test_a_claim_and_its_contrary_are_mirror_images(mean, error, freedom):
    here, there = (Estimate(m, error, freedom, "") for m in (mean, -mean))
    assert of_more(here).claim == pytest.approx(of_more(there).contrary)
    one, two = of_no_difference(here, 0.3), of_no_difference(there, 0.3)
    assert (one.claim, one.contrary) == pytest.approx((two.claim, two.contrary))
    for test in (of_more(here), one):
        assert min(test.claim, test.contrary) <= 0.5 + 1e-12


def test_words():
    tests = [Test(1e-6, 1 - 1e-6), Test(1 - 1e-6, 1e-6), Test(0.04, 0.96)]
    assert [one.word for one in decided(tests, 0.95)] == ["supported", "contradicted", "undecided"]
    assert decided([], 0.95) == []


@settings(max_examples=20, deadline=None)  # statsmodels collects garbage at every call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_statsmodels(ps):
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist())


def test_a_margin_must_be_one():
    with pytest.raises(ValueError, match="margin"):
        of_no_difference(Estimate(0.0, 0.1, 5.0, ""), 0.0)


def test_a_study_of_the_proposed_size_decides_as_often_as_promised():
    question = Question(effect=0.3, margin=None, alpha=0.01)
    (design, promised), *_ = smallest(question, SEEN, [5], seed=1)
    values = studies(400, design.seeds, design.tracks, effect=0.3, seed=7)
    found = np.mean([of_more(estimate(one)).p < 0.01 for one in values])
    assert promised >= WANTED
    assert found == pytest.approx(promised, abs=0.06)
    assert power(question, SEEN, Design(5, design.tracks // 2), seed=1) < WANTED


def test_where_seeds_scatter_tracks_alone_never_decide():
    question = Question(effect=0.1, margin=None, alpha=0.05)
    assert smallest(question, Spreads(track=0.2, seed=0.5, rest=0.1), [3], seed=1) == []
