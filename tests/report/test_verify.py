"""Verification finds every number that does not follow, and no other."""

import dataclasses
import shutil

import numpy as np
import pytest

from hdemucs.evaluation.systems import load_system
from hdemucs.report.build import Places, build
from hdemucs.report.verify import report_differences, score_differences

from .conftest import CONFIG


@pytest.fixture(scope="module")
def reports(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verified") / "reports"
    shutil.copytree(study, folder)
    build(CONFIG, Places.of(folder), folder)
    return folder


def test_a_report_of_its_scores_differs_in_nothing(reports):
    assert report_differences(CONFIG, Places.of(reports), reports) == []


def test_an_edited_cell_and_a_missing_table_are_named(reports, tmp_path):
    edited = tmp_path / "reports"
    shutil.copytree(reports, edited)
    table = edited / "tables" / "scores_sdr.csv"
    lines = table.read_text().splitlines()
    cells = lines[3].split(",")
    old, cells[2] = cells[2], "99.0"
    table.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:], ""]))
    (edited / "tables" / "stability.csv").unlink()
    found = report_differences(CONFIG, Places.of(edited), edited)
    assert found == [
        f"{table}, line 4, column 3: '99.0' is stored, the scores give {old!r}",
        f"{edited / 'tables' / 'stability.csv'}: is missing",
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
