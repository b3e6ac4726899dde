"""Verification finds every number that does not follow, and no other."""

import dataclasses
import shutil

import matplotlib as mpl
import numpy as np
import pytest

from hdemucs.evaluation.aggregation import save_summary
from hdemucs.evaluation.systems import load_system
from hdemucs.report.build import Places, build
from hdemucs.report.verify import report_differences, score_differences, summary_differences

from .conftest import CONFIG


@pytest.fixture(scope="module")
def reports(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verified") / "reports"
    shutil.copytree(study, folder)
    build(CONFIG, Places.of(folder), folder)
    return folder


def differences(reports):
    return report_differences(lambda out: build(CONFIG, Places.of(reports), out), reports)


def test_a_report_of_its_scores_differs_in_nothing(reports):
    assert differences(reports) == []


def edited(path, old, new):
    text = path.read_text()
    assert old in text, path
    path.write_text(text.replace(old, new, 1))


def test_whatever_was_changed_is_named(reports, tmp_path):
    copy = tmp_path / "reports"
    shutil.copytree(reports, copy)
    table = copy / "tables" / "scores_sdr.csv"
    lines = table.read_text().splitlines()
    cells = lines[3].split(",")
    old, cells[2] = cells[2], "99.0"
    table.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:], ""]))
    (copy / "tables" / "stability.csv").unlink()
    (copy / "figures" / "sdr.svg").unlink()
    (copy / "figures" / "old.png").write_bytes(b"of another time")
    edited(copy / "figures" / "training.svg", "<path", "<path ")
    edited(copy / "index.html", "Of the paper", "Of this paper")
    for name in ("tables/ablation.md", "tables/ablation.tex", "tables/ablation.html"):
        edited(copy / name, "Hybrid Demucs", "Hybrid Demucs!")
    found = differences(copy)
    named = {line.split(":")[0].split(",")[0].removeprefix(f"{copy}/") for line in found}
    assert named == {
        "figures/old.png", "figures/sdr.svg", "figures/training.svg", "index.html",
        "tables/ablation.html", "tables/ablation.md", "tables/ablation.tex",
        "tables/scores_sdr.csv", "tables/stability.csv",
    }  # fmt: skip
    assert f"{table}, line 4, column 3: '99.0' is stored, the scores give {old!r}" in found
    assert f"{copy / 'tables' / 'stability.csv'}: is missing" in found
    assert all("\n" not in line for line in found)


def test_figures_of_another_matplotlib_are_looked_for_and_no_more(reports, tmp_path):
    copy = tmp_path / "reports"
    shutil.copytree(reports, copy)
    for figure in (copy / "figures").glob("*.svg"):
        figure.write_text(figure.read_text().replace(f"v{mpl.__version__}", "v0.1.0"))
    (copy / "figures" / "sdr.png").unlink()
    assert differences(copy) == [f"{copy / 'figures' / 'sdr.png'}: is missing"]


def test_summaries_follow_from_the_scores(reports, tmp_path):
    copy = tmp_path / "hybrid"
    shutil.copytree(reports / "scores" / "hybrid", copy)
    save_summary(copy)
    assert summary_differences(copy) == []
    edited(tmp_path / "hybrid.json", '"sdr": ', '"sdr": 1')
    assert summary_differences(copy) == [
        f"{tmp_path / 'hybrid.json'}: is not what the tracks' scores give"
    ]


def changed(track, source, **changes):
    sources = dict(track.sources)
    sources[source] = dataclasses.replace(sources[source], **changes)
    return dataclasses.replace(track, sources=sources)


def test_scores_that_come_out_otherwise_are_named(study):
    stored = load_system(study / "scores" / "hybrid").tracks
    assert score_differences("hybrid", stored, stored) == []
    drums = stored[0].sources["drums"]
    moved = {"SDR": drums.frames["SDR"] + np.array([0, 0, 0.5, 0])}
    silent = {"SDR": np.where(np.arange(4) == 0, np.nan, drums.frames["SDR"])}
    louder = {**drums.whole, "nSDR": drums.whole["nSDR"] - 1}
    cases = {
        "SDR differs by up to 0.50000 dB": changed(stored[0], "drums", frames=moved),
        "SDR has a score in other frames": changed(stored[0], "drums", frames=silent),
        "nSDR differs by up to 1.00000 dB": changed(stored[0], "drums", whole=louder),
    }
    for line, track in cases.items():
        found = score_differences("hybrid", stored, [track, *stored[1:]])
        assert found == [f"hybrid: {stored[0].track}: drums: {line}"]
    assert score_differences("hybrid", stored, stored[1:]) == [
        f"hybrid: {stored[0].track}: only stored"
    ]
