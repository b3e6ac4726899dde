"""The verdict says reproduced only of like things, and says why of all others."""

import dataclasses

import numpy as np
import pytest

from hdemucs.config.separation import SeparationConfig
from hdemucs.data.musdb18 import MUSDB18_HQ
from hdemucs.evaluation.systems import DataFacts, Facts, System
from hdemucs.metrics.museval_json import SourceScores, TrackScores
from hdemucs.report.conditions import other_training
from hdemucs.report.published import COLUMNS, published
from hdemucs.report.results import Row, arranged
from hdemucs.report.runs import RunFacts
from hdemucs.report.verdict import MISSING, NOT, OTHER, REPRODUCED, cells, summary, table

from .conftest import CONFIG, METRICS, run_facts

PAPER = published()["T7/base"].scores
SOURCES = COLUMNS[1:]
MUSDB = DataFacts(name=MUSDB18_HQ, sha256="f" * 64, sample_rate=44100)
SEPARATION = SeparationConfig(segment=44.0, overlap=0.25, shifts=1, max_shift=0.5)
RUN = dataclasses.replace(
    run_facts("waveform", 42), epochs=600, planned=600, parameters=133_753_064
)
TUNED = dataclasses.replace(RUN, epochs=4, planned=4, start=RUN)


def system(offset=0.0, tracks=50, data=MUSDB, separation=SEPARATION, name="waveform"):
    """Scores whose medians are the paper's numbers plus an offset."""
    facts = Facts(system=name, kind="model", data=data, metrics=METRICS, separation=separation)
    spread = np.linspace(-2, 2, tracks)
    scored = tuple(
        TrackScores(
            f"{index:02}",
            1.0,
            1.0,
            {s: SourceScores({"SDR": np.array([PAPER[s] + offset + more])}) for s in SOURCES},
        )
        for index, more in enumerate(spread)
    )
    return System(name, scored, facts)


def judged(one, runs=(RUN,)):
    results = arranged(CONFIG, {one.name: one}, {one.name: runs})
    found = cells(results, published())
    return results, [cell for cell in found if cell.published.key == "T7/base"]


def states(one, runs=(RUN,)):
    return {cell.state for cell in judged(one, runs)[1]}


def test_equal_numbers_under_equal_conditions_are_reproduced():
    _, base = judged(system())
    assert {cell.state for cell in base} == {REPRODUCED}
    assert base[0].ours == pytest.approx(base[0].paper, abs=0.01)
    assert base[0].interval.low < base[0].paper < base[0].interval.high
    assert "seeds 42" in base[0].basis[0]
    assert not base[0].reasons


@pytest.mark.parametrize("offset", [-1.0, 1.0])
def test_far_numbers_are_not_reproduced_in_either_direction(offset):
    assert states(system(offset)) == {NOT}


def test_the_margin_over_all_sources_is_the_smaller_one():
    by_source = {cell.source: cell.state for cell in judged(system(0.3))[1]}
    assert by_source["all"] == NOT
    assert by_source["drums"] == REPRODUCED


DIFFERENT = {
    "fewer epochs": (dict(runs=(dataclasses.replace(RUN, epochs=360),)), "360 epochs, where"),
    "a bag": (dict(runs=(RUN, RUN)), "a bag of 2, where the paper has one model"),
    "fine-tuned": (dict(runs=(TUNED,)), "fine-tuning, where"),
    "a smaller model": (
        dict(runs=(dataclasses.replace(RUN, parameters=1_000),)),
        "1,000 parameters, where the paper has 133,753,064",
    ),
    "unknown": (dict(runs=()), "its training is not recorded"),
    "more shifts": (
        dict(one=system(separation=dataclasses.replace(SEPARATION, shifts=10))),
        "10 shifts, where the paper has 1 shifts",
    ),
}


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_other_conditions_are_named_and_the_numbers_shown(name):
    changes, reason = DIFFERENT[name]
    _, base = judged(**{"one": system(), **changes})
    assert {cell.state for cell in base} == {OTHER}
    assert any(reason in text for text in base[0].reasons)
    assert base[0].ours is not None


@pytest.mark.parametrize(
    ("key", "runs", "shifts", "reasons"),
    [
        ("T7/fine-tuned", (TUNED,), 1, []),
        ("T7/bag", (TUNED, TUNED), 2, []),
        ("T6/bag-time", (TUNED, TUNED), 2, []),
        ("T7/bag", (TUNED, TUNED), 1, ["1 shifts, where the paper has 2 shifts"]),
        ("T7/fine-tuned", (RUN,), 1, ["no fine-tuning, where the paper has fine-tuning"]),
        (
            "T7/fine-tuned",
            (dataclasses.replace(TUNED, epochs=8),),
            1,
            ["fine-tuning: 8 epochs, where the paper has 4 epochs"],
        ),
        (
            "T7/fine-tuned",
            (dataclasses.replace(TUNED, start=dataclasses.replace(RUN, epochs=360)),),
            1,
            ["360 epochs, where the paper has 600 epochs"],
        ),
    ],
)
def test_fine_tuning_and_what_it_starts_from_have_epochs_of_their_own(key, runs, shifts, reasons):
    facts = dataclasses.replace(
        system().facts, separation=dataclasses.replace(SEPARATION, shifts=shifts)
    )
    one = System("tuned", system().tracks, facts)
    row = Row("tuned", "tuned", (one,), (runs,), None)
    found = list(other_training(row, published()[key]))
    assert len(found) == len(reasons)
    assert all(said.endswith(reason) for said, reason in zip(found, reasons, strict=True))


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (system(data=dataclasses.replace(MUSDB, name="embedded")), "data: embedded, where"),
        (system(tracks=49), "49 test tracks, where the paper has 50"),
    ],
)
def test_numbers_on_other_data_are_never_set_against_the_papers(one, reason):
    results, base = judged(one)
    for cell in base:
        assert cell.state == OTHER
        assert cell.ours is None
        assert any(reason in text for text in cell.reasons)
    frame = table(results, cells(results, published())).frame
    assert frame["Ours"].isna().all()
    assert frame["Difference"].isna().all()


def test_every_cell_of_the_papers_tables_has_a_verdict():
    results, _ = judged(system())
    found = cells(results, published())
    papers = [row for row in published().values() if row.source.startswith("arXiv 2111.03600")]
    assert len(found) == 5 * len(papers) == 5 * 31
    assert {cell.state for cell in found} == {REPRODUCED, MISSING}
    assert all(bool(cell.reasons) is (cell.state not in (REPRODUCED, NOT)) for cell in found)
    every = [cell for cell in found if cell.source == "all" and cell.reasons]
    reasons = {cell.published.key: cell.reasons[0] for cell in every}
    assert reasons["T7/relu"] == "Never run has no scores"
    assert reasons["T3/d3net"] == "another group's system, which the paper quotes"
    assert "hidden test set" in reasons["T1/hybrid"]
    assert "listeners" in reasons["T4/truth"]
    assert summary(found).frame["Cells"].sum() == len(found)


def test_runs_may_be_of_several_seeds():
    first, second = system(), system(0.1, name="waveform-43")
    row = dataclasses.replace(CONFIG.rows[1], systems=("waveform", "waveform-43"))
    config = dataclasses.replace(CONFIG, rows=(row,))
    runs = {"waveform": (RUN,), "waveform-43": (dataclasses.replace(RUN, seed=43),)}
    results = arranged(config, {s.name: s for s in (first, second)}, runs)
    [base, *_] = [c for c in cells(results, published()) if c.published.key == "T7/base"]
    assert base.ours == pytest.approx(PAPER["all"] + 0.05, abs=0.02)
    assert "2 trained systems, seeds 42, 43" in base.basis[0]


def test_run_facts_are_strict():
    with pytest.raises(ValueError, match="epochs"):
        RunFacts(**{**dataclasses.asdict(RUN), "epochs": -1})


def test_another_systems_row_is_judged_where_ours_names_it_and_like_is_held_to_like():
    """A median of all tracks' frames is not a median of tracks' medians."""
    named = ("S/wave-u-net", "S/wave-u-net-pooled")
    rows = tuple(
        dataclasses.replace(row, published=named) if row.name == "waveform" else row
        for row in CONFIG.rows
    )
    config = dataclasses.replace(CONFIG, rows=rows)
    one = system(data=dataclasses.replace(MUSDB, name="MUSDB18"))
    results = arranged(config, {one.name: one}, {one.name: (RUN,)})
    found = {cell.published.key: cell for cell in cells(results, published())}
    assert all(found[key].state == OTHER for key in named)
    plain, pooled = (" ".join(found[key].reasons) for key in named)
    assert "aggregation" not in plain
    assert "aggregation: median of frames, median of tracks, where" in pooled
    assert found[named[1]].ours is None
