"""The report is made from files, is the same each time, and says what its numbers are."""

import dataclasses
import re
import shutil

import pandas as pd
import pytest

from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import summary
from hdemucs.evaluation.systems import load_system
from hdemucs.metrics.museval_json import load, save
from hdemucs.metrics.signals import LIMIT
from hdemucs.report.build import Places, build

from .conftest import CONFIG, DATA, SOURCES, TRACKS, noisy, save_scored, stems


@pytest.fixture(scope="module")
def report(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    build(CONFIG, Places.of(study), out)
    return out


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_scores_give_the_same_bytes(study, report, tmp_path):
    build(CONFIG, Places.of(study), tmp_path)
    assert files(tmp_path) == files(report)


def test_the_page_leads_with_the_ablation(report):
    page = (report / "index.html").read_text()
    order = [page.index(f'id="{name}"') for name in ("ablation", "scores_sdr", "provenance")]
    assert order == sorted(order)


def test_every_table_says_metric_aggregation_tracks_scale_and_seed(report):
    for name in ("ablation", "scores_sdr", "scores_nsdr", "comparison", "oracles"):
        text = (report / "tables" / f"{name}.md").read_text()
        for said in ("dB", "aggregation", f"{len(TRACKS)} test tracks", "scale quick", "seeds 42"):
            assert said in text, (name, said)


def test_numbers_are_those_of_the_scores(study, report):
    numbers = pd.read_csv(report / "tables" / "numbers.csv")
    sdr = numbers[
        (numbers["metric"] == "SDR")
        & (numbers["aggregation"] == "median of frames, median of tracks")
        & (numbers["row"] == "hybrid")
    ].set_index("source")["score"]
    assert sdr["all"] == pytest.approx(sdr[list(SOURCES)].mean(), abs=1e-4)
    kept = summary(load_system(study / "scores" / "hybrid"))
    assert sdr["drums"] == pytest.approx(kept["sdr"]["drums"], abs=1e-4)


def test_rows_of_table_7_come_in_its_order(report):
    labels = pd.read_csv(report / "tables" / "ablation.csv")["Model"].tolist()
    assert labels == ["Improved time Demucs", "- LSTM in branch", "Demucs v2", "Hybrid Demucs"]


def test_what_is_strong_is_decided_and_its_interval_is_without_zero(report):
    text = (report / "tables" / "differences.md").read_text()
    cells = [line.split("|")[4] for line in text.splitlines() if line.startswith("|")][2:]
    assert any("**" in cell for cell in cells)
    for cell in cells:
        low, high = re.search(r"\[(\S+), (\S+)\]", cell).groups()
        signs = {bound.strip("*").replace("\N{MINUS SIGN}", "-")[0] for bound in (low, high)}
        assert len(signs) == 1 or "**" not in cell, cell
        assert ("holds 0" in cell) == (len(signs) == 2), cell


def test_scores_on_other_data_are_refused(study, tmp_path):
    shutil.copytree(study, tmp_path / "study")
    made = {t: noisy(stems(seed), 0.1, seed) for seed, t in enumerate(TRACKS)}
    other = dataclasses.replace(DATA, sha256="e" * 64)
    save_scored(tmp_path / "study" / "scores", "hybrid", "model", made, data=other)
    with pytest.raises(UserError, match=r"scores/.* was scored on other data than .*; score both"):
        build(CONFIG, Places.of(tmp_path / "study"), tmp_path / "out")


def test_scores_under_another_kinds_name_are_refused(study, tmp_path):
    shutil.copytree(study, tmp_path / "study")
    made = {t: noisy(stems(seed), 0.1, seed) for seed, t in enumerate(TRACKS)}
    save_scored(tmp_path / "study" / "scores", "mwf", "model", made)
    with pytest.raises(UserError, match=r"mwf: names an oracle of this study"):
        build(CONFIG, Places.of(tmp_path / "study"), tmp_path / "out")


def test_no_scores_are_one_line(tmp_path):
    with pytest.raises(UserError, match="holds no scored system; run `dvc repro`"):
        build(CONFIG, Places.of(tmp_path), tmp_path / "out")


def test_what_dependent_references_and_bounds_mean_is_said_beside_the_numbers(study, tmp_path):
    shutil.copytree(study, tmp_path / "study")
    for path in (tmp_path / "study").glob("*/*/test/*.json"):
        track = load(path)
        sources = {
            name: dataclasses.replace(
                one, frames={"SIR": one.frames["SDR"], "SAR": 0 * one.frames["SDR"] + LIMIT}
                | dict(one.frames),
            )
            for name, one in track.sources.items()
        }  # fmt: skip
        marked = dataclasses.replace(track, sources=sources, dependent=track.track == TRACKS[1])
        save(marked, path)
    build(CONFIG, Places.of(tmp_path / "study"), tmp_path / "out")
    sir, sar = ((tmp_path / f"out/tables/scores_{m}.md").read_text() for m in ("sir", "sar"))
    for text in (sir, sar):
        assert f"means nothing on 1 of {len(TRACKS)} tracks ({TRACKS[1]})" in text
    assert "144 dB and above" in sar
    assert "144 dB and above" not in sir
    numbers = [line.split("|")[2:-1] for line in sar.splitlines() if line.startswith("| Hybrid")]
    assert {cell.strip() for cell in numbers[0]} == {"\N{EN DASH}"}
    assert "means nothing" not in (tmp_path / "out/tables/scores_sdr.md").read_text()
