"""Intervals that count listeners and excerpts: their formula, and their coverage."""

import numpy as np
import pandas as pd
import pytest

from hdemucs.listening.analysis.contrasts import difference
from hdemucs.listening.analysis.crossed import components, estimate, ratings, variance
from hdemucs.listening.analysis.describe import MEAN, POOLED
from hdemucs.listening.analysis.variance import parts
from tests.listening.panel import SPREAD, World, frame, honest, key, sessions


def grid(scores):
    """A complete design [listener, excerpt] of one source, as a frame."""
    listeners, excerpts = scores.shape
    return pd.DataFrame(
        {
            "score": scores.ravel(),
            "listener": np.repeat(np.arange(listeners), excerpts),
            "excerpt": np.tile(np.arange(excerpts), listeners),
            "source": "drums",
        }
    )


def test_without_holes_it_is_the_two_way_variance():
    """s2(listener means)/nL + s2(excerpt means)/nI - s2_e/(nL nI), which is what the estimators of
    Gao and Owen (2017, Efficient moment calculations for variance components in large unbalanced
    crossed random effects models) come to when every listener rates every excerpt.
    """
    rng = np.random.default_rng(0)
    z = rng.normal(size=(7, 5)) + 2 * rng.normal(size=(7, 1)) + 3 * rng.normal(size=(1, 5))
    residual = z - z.mean(0) - z.mean(1, keepdims=True) + z.mean()
    error = np.square(residual).sum() / (6 * 4)
    wanted = z.mean(1).var(ddof=1) / 7 + z.mean(0).var(ddof=1) / 5 - error / 35
    of = ratings(grid(z), by_source=False)
    assert variance(of) == pytest.approx(wanted)
    assert components(of)[2] == pytest.approx(error)
    found = estimate(of, 0.95)
    assert found.mean == pytest.approx(z.mean())
    assert found.both == pytest.approx(2.776445 * np.sqrt(wanted), rel=1e-6)
    assert found.listeners == pytest.approx(2.446912 * z.mean(1).std(ddof=1) / np.sqrt(7), rel=1e-6)


def test_components_come_back_from_a_design_with_holes():
    rng = np.random.default_rng(1)
    z = 2 * rng.normal(size=(400, 1)) + 3 * rng.normal(size=(1, 400)) + rng.normal(size=(400, 400))
    cells = grid(z)[rng.random(160_000) < 0.1]
    found = components(ratings(cells, by_source=False))
    np.testing.assert_allclose(found, [4, 9, 1], rtol=0.2)


def test_the_mean_of_sources_weighs_sources_alike():
    cells = pd.DataFrame(
        {
            "score": [10.0, 10, 10, 40], "listener": [0, 1, 2, 0], "excerpt": [0, 1, 2, 3],
            "source": ["drums", "drums", "drums", "bass"],
        }
    )  # fmt: skip
    assert estimate(ratings(cells, by_source=False), 0.95).mean == 17.5
    assert estimate(ratings(cells, by_source=True), 0.95).mean == 25


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_one_listener_or_one_excerpt_has_no_interval(shape):
    found = estimate(
        ratings(grid(np.arange(np.prod(shape), dtype=float).reshape(shape)), by_source=False), 0.95
    )
    assert np.isnan(found.both)


def test_equal_scores_have_an_interval_of_nothing():
    found = estimate(ratings(grid(np.full((4, 4), 50.0)), by_source=False), 0.95)
    assert (found.mean, found.both, found.listeners) == (50, 0, 0)


def test_a_difference_is_paired_where_it_can_be():
    rng = np.random.default_rng(2)
    common = 20 * rng.normal(size=(8, 1)) + 20 * rng.normal(size=(1, 8))
    first, second = (grid(common + shift + rng.normal(size=(8, 8))) for shift in (5, 0))
    paired = difference(first, second, POOLED, 0.95)
    assert paired.paired
    assert abs(paired.mean - 5) < paired.both < 2
    assert paired.p < 1e-3
    assert paired.better > 0.95
    apart = difference(first, second.assign(listener=second["listener"] + 100), POOLED, 0.95)
    assert not apart.paired
    assert apart.both > 10, "their own spread counts then"


def test_variance_parts_come_back():
    entries = key(30)
    habits = {f"l{n}": honest for n in range(30)}
    plan = [[(e, "quality", 0) for e in dict.fromkeys(x.excerpt for x in entries)]] * 30
    table = frame(World(np.random.default_rng(3)), entries, plan, habits)
    systems = table[table["role"] == "system"]
    found = parts(systems[systems["score"].between(1, 99)])
    wanted = {"excerpt": 117, "excerpt x system": 72, "listener": 14, "listener x system": 7.5}
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=0.45, abs=5), name
    assert found["residual"] == pytest.approx(83, rel=0.2)


def covered(seed, entries, plan, listeners):
    """Whether each true mean lies in its interval: (POOLED, MEAN, drums, a difference)."""
    habits = {f"l{n}": honest for n in range(listeners)}
    table = frame(World(np.random.default_rng(seed)), entries, plan, habits)
    table = table[(table["attribute"] == "quality") & (table["replicate"] == 0)]
    emu, kiwi = (table[table["condition"] == name] for name in ("emu", "kiwi"))
    drums = emu[emu["source"] == "drums"]
    results = [
        (estimate(ratings(emu, by_source=False), 0.95), 70),
        (estimate(ratings(emu, by_source=True), 0.95), 70),
        (estimate(ratings(drums, by_source=False), 0.95), 74),
        (difference(emu, kiwi, POOLED, 0.95), 15),
        (difference(emu, kiwi, MEAN, 0.95), 15),
    ]
    return [abs(found.mean - truth) <= found.both for found, truth in results]


def coverage(panels, listeners, excerpts_per_source, trials):
    """Shares over simulated panels of true means inside their intervals.

    New excerpts and new listeners in every panel; the clip at 0 and 100 is far from these means.
    """
    entries = key(excerpts_per_source)
    plan = sessions(entries, listeners, trials, replicates=0)
    hits = [covered(seed, entries, plan, listeners) for seed in range(panels)]
    return np.mean(hits, axis=0)


def test_intervals_cover_in_a_few_panels():
    """40 panels: 0.95 +- 3 standard errors; the full count is under the slow mark."""
    found = coverage(40, 12, 5, 20)
    assert (found > 0.84).all(), found


@pytest.mark.slow
@pytest.mark.parametrize(("listeners", "excerpts", "trials"), [(20, 5, 20), (15, 8, 20)])
def test_coverage_of_the_95_percent_interval_over_200_panels(listeners, excerpts, trials):
    found = coverage(200, listeners, excerpts, trials)
    assert ((found >= 0.92) & (found <= 0.98)).all(), found


def test_the_spread_is_that_of_sisec_2008():
    """The sum of the variance components that panel.py takes from its published ratings."""
    assert sum(value**2 for value in SPREAD.values()) == pytest.approx(293.5)
