"""A source that a test track lacks: no score of it, the others as ever, and the table counts."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from hdemucs.evaluation.aggregation import MEDIANS, SONGS
from hdemucs.evaluation.systems import load_systems
from hdemucs.metrics.museval_json import SourceScores, load, save
from hdemucs.report.evidence import comparisons, ranks, stability
from hdemucs.report.figures.boxes import boxes
from hdemucs.report.results import arranged
from hdemucs.report.scores import scores
from hdemucs.statistics.intervals import median_interval
from tests.report.conftest import CONFIG, TRACKS


def without(scored, source):
    """As scoring leaves a track of which one source is silent."""
    own = scored.sources[source]
    frames = {metric: np.full_like(values, np.nan) for metric, values in own.frames.items()}
    nothing = SourceScores(frames, dict.fromkeys(own.whole, float("nan")))
    return replace(scored, sources={**scored.sources, source: nothing})


@pytest.fixture(scope="module")
def both(study, tmp_path_factory):
    """Results with the vocals of the first track, and without."""
    here = tmp_path_factory.mktemp("silent") / "study"
    shutil.copytree(study, here)
    for path in here.glob(f"*/*/test/{TRACKS[0]}.json"):
        save(without(load(path), "vocals"), path)
    return [
        arranged(CONFIG, load_systems(root / "scores", root / "oracles"), {})
        for root in (study, here)
    ]


@pytest.mark.parametrize(("metric", "way"), [("SDR", MEDIANS), ("nSDR", SONGS)])
def test_tables_aggregate_the_tracks_that_have_a_score_and_count_them(both, metric, way):
    full, fewer = both
    count = len(TRACKS)
    assert fewer.scored(metric) == {**full.scored(metric), "vocals": count - 1}
    for source in set(full.sources) - {"vocals"}:
        assert fewer.table_of(metric, way)[source].equals(full.table_of(metric, way)[source])
    assert fewer.table_of(metric, way).notna().all(axis=None)
    said = f"Tracks with a score, of {count}: Vocals {count - 1} (silent in the others)."
    assert said in scores(fewer, metric).notes
    assert not any("silent" in note for note in scores(full, metric).notes)


def test_comparisons_use_the_tracks_that_both_scored(both):
    tracks = {(c.row.name, c.source): c.difference.tracks for c in comparisons(both[1])}
    count = len(TRACKS)
    assert {n for (_, source), n in tracks.items() if source in ("vocals", "all")} == {count - 1}
    assert {n for (_, source), n in tracks.items() if source == "drums"} == {count}
    assert len(stability(both[1]).frame)
    boxes(both[1], "SDR")


def test_intervals_of_medians_pass_over_missing_scores():
    sample = np.random.default_rng(0).normal(5, 1, (2, 20))
    holes = np.where(np.arange(20) < 4, np.nan, sample)
    found, expected = (median_interval(x, CONFIG.interval) for x in (holes, sample[:, 4:]))
    assert found.low == pytest.approx(expected.low, abs=0.3)
    assert found.high == pytest.approx(expected.high, abs=0.3)
    few = np.where(np.arange(20) < 15, np.nan, sample)
    assert median_interval(few, CONFIG.interval).low == -np.inf


def test_ranks_of_systems_without_any_score_are_no_warning():
    assert ranks(np.full((2, 3, 4), np.nan)).tolist() == [1.0, 1.0]
