"""The published numbers are whole: sources, conditions, and their own arithmetic."""

import pytest

from hdemucs.report.published import COLUMNS, published

ROWS = published()
MEANS = [row for row in ROWS.values() if row.metric in ("SDR", "nSDR")]


@pytest.mark.parametrize("row", MEANS, ids=lambda row: row.key)
def test_all_is_the_mean_of_the_sources(row):
    mean = sum(row.scores[source] for source in COLUMNS[1:]) / 4
    assert row.scores["all"] == pytest.approx(mean, abs=0.011)


def test_every_row_has_a_source_and_a_metric():
    for row in ROWS.values():
        assert row.source
        assert row.metric
        assert row.aggregation
        assert row.data


def test_the_ablation_is_in_the_papers_order():
    keys = [row.key.removeprefix("T7/") for row in ROWS.values() if row.table == "T7"]
    assert keys[:3] == ["base", "fine-tuned", "bag"]
    assert keys[3:] == ["no-lstm", "no-attention", "no-penalty", "no-ema", "relu"]


def test_the_bags_of_tables_6_and_7_are_the_same():
    assert ROWS["T6/bag-time"].scores == ROWS["T7/bag"].scores
