"""A dress rehearsal of the paper's scale: what a day with MUSDB18-HQ will say, said today."""

import csv
import dataclasses
import json

import numpy as np
import pytest

from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.data.musdb18 import COUNTS, MUSDB18_HQ
from hdemucs.evaluation.systems import System, load_systems
from hdemucs.metrics.museval_json import SourceScores
from hdemucs.report.published import published
from hdemucs.report.results import arranged
from hdemucs.report.runs import load_runs
from hdemucs.report.verdict import NOT, OTHER, REPRODUCED, cells
from tests.rehearsal.conftest import STUDY, TRAINED, TUNED
from tests.rehearsal.musdb import SILENT, UNEQUAL
from tests.rehearsal.others import RELEASED, UNSCORED

pytestmark = pytest.mark.rehearsal

PAPER = published()
REPEATED = (  # by rows of the study; the first is repeated twice, by the released bag, too
    "T6/bag", "T6/bag-time", "T6/bag-hybrid", "T6/demucs-v2", "T7/base", "T7/fine-tuned", "T7/bag",
)  # fmt: skip
ROWS = len(REPEATED) + 1


def lines(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_the_data_are_recognised_with_their_faults(project):
    manifest = json.loads((project.root / "data/manifest.json").read_text())
    splits = [track["split"] for track in manifest["tracks"]]
    assert {split: splits.count(split) for split in COUNTS} == COUNTS
    page = (project.root / "reports/data.md").read_text()
    assert page.startswith(f"# Data: {MUSDB18_HQ}\n")
    assert "no digests are pinned yet" in page
    assert f"`test/{SILENT[1]}/{SILENT[2]}.wav`: is silent" in page
    assert f"`test/{UNEQUAL}`: mixture and sum of the stems differ" in page
    assert "known to have an error: parts of `other`" in page


def test_every_variant_ran_as_long_as_it_was_asked_to(project):
    for name in (*TRAINED, *TUNED):
        [run] = load_runs(project.root / f"reports/runs/{name}.json")
        assert (
            run.epochs == run.planned == (360 if name == "v2_hq" else 4 if name in TUNED else 600)
        )
        assert (run.start is not None) == (name in TUNED)
        assert run.first.epochs == (360 if name == "v2_hq" else 600)


def test_every_cell_of_tables_6_and_7_differs_in_the_models_size_alone(project):
    """Which is true: they are tiny."""
    table = lines(project.root / "reports/tables/reproduction.csv")
    labels = {(PAPER[key].table, PAPER[key].label) for key in REPEATED}
    ran = [line for line in table if (line["Table"], line["Row"]) in labels]
    assert len(ran) == 5 * ROWS
    for line in ran:
        assert line["Verdict"] == OTHER
        assert line["Ours"] and line["Difference"]
        assert "parameters, where the paper has" in line["Reasons"]
        told = line["Reasons"]  # each with our parameters and the paper's, and nothing else
        assert 2 * told.count("where the paper has") == told.count("parameters")
    others = [line for line in table if line["Table"] in ("T6", "T7") and line not in ran]
    assert {line["Verdict"] for line in others} == {"not run"}


def test_the_page_shows_what_was_run_and_folds_the_rest_away(project):
    page = (project.root / "reports/reproduction.html").read_text()
    assert "not MUSDB18-HQ" not in page
    shown, folded = page.split('<section id="missing">')
    assert shown.count("<td>other conditions</td>") == 5 * ROWS
    assert "not run" not in shown
    assert folded.count("<tr>") == 1 + 31 - len(REPEATED)
    front = (project.root / "reports/index.html").read_text()
    assert f"50 test tracks of {MUSDB18_HQ}, scale paper" in front


def test_one_network_a_source_is_one_system(project):
    runs = load_runs(project.root / "reports/runs/each.json")
    assert [run.epochs for run in runs] == [2] * 4
    line = next(
        line
        for line in lines(project.root / "reports/tables/ablation.csv")
        if line["Model"] == "one network a source"
    )
    assert all(line[source] for source in ("All", "Drums", "Bass", "Other", "Vocals"))


def test_released_weights_are_named_with_their_files_and_digests(project):
    runs = load_runs(project.root / "reports/runs/released_bag.json")
    pinned = (project.root / "released.lock").read_text()
    assert [run.file.split("-")[0] for run in runs] == [*RELEASED]
    page = (project.root / "reports/reproduction.html").read_text()
    for run in runs:
        assert f"{run.sha256}  {run.file}\n" in pinned
        assert f"{run.file} by A. Défossez" in page
    index = (project.root / "reports/index.html").read_text()
    assert all(run.sha256 in index for run in runs)


def test_scores_and_sound_files_of_others_are_in_the_tables(project):
    table = {line["Model"]: line for line in lines(project.root / "reports/tables/ablation.csv")}
    scores = table["scores of SiSEC's form (48 of 50 tracks)"]
    assert float(scores["All"]) == pytest.approx(5, abs=1)
    assert not scores["nSDR All"]
    floor = lines(project.root / "reports/tables/oracles.csv")
    [mixture] = [line for line in floor if line["System"] == "Mixture as it is"]
    assert table["somebody's sound files"]["All"] == mixture["All"]
    [given] = load_runs(project.root / "reports/runs/sisec.json")
    assert given.missing == UNSCORED


@pytest.fixture(scope="module")
def scored(project):
    reports = project.root / "reports"
    config = load(project.root / "configs/report.json", ReportConfig)
    systems = load_systems(reports / "scores", reports / "oracles")
    return config, systems, {name: load_runs(reports / f"runs/{name}.json") for name in STUDY}


def planted(scored, offset):
    """The verdicts, were the models of the paper's size and their scores the paper's + `offset`."""
    config, systems, runs = scored
    keys = {name: row.published[0] for row in config.rows for name in row.systems if row.published}
    moved = {n: with_scores(s, keys[n], offset) if n in keys else s for n, s in systems.items()}
    sized = {name: with_size(each, keys.get(name)) for name, each in runs.items()}
    judged = cells(arranged(config, moved, sized), PAPER)
    return [c for c in judged if c.published.key in REPEATED]


def with_size(runs, key):
    whole = PAPER[key].parameters if key else None
    if whole is None:
        return runs
    sizes = [whole - len(runs) + 1, *[1] * (len(runs) - 1)]
    return tuple(dataclasses.replace(r, parameters=s) for r, s in zip(runs, sizes, strict=True))


def with_scores(system, key, offset):
    def moved(track):
        each = {
            source: SourceScores(
                {
                    **scores.frames,
                    "SDR": np.where(
                        np.isnan(scores.frames["SDR"]), np.nan, PAPER[key].scores[source] + offset
                    ),
                }
            )
            for source, scores in track.sources.items()
        }
        return dataclasses.replace(track, sources=each)

    return System(system.name, tuple(moved(track) for track in system.tracks), system.facts)


@pytest.mark.parametrize(
    ("offset", "all_", "source"),
    [
        (0.0, REPRODUCED, REPRODUCED),
        (0.08, REPRODUCED, REPRODUCED),
        (-0.2, NOT, REPRODUCED),
        (0.2, NOT, REPRODUCED),
        (0.4, NOT, NOT),
        (-0.4, NOT, NOT),
    ],
)
def test_planted_values_on_either_side_of_the_margin_flip_every_cell(scored, offset, all_, source):
    judged = planted(scored, offset)
    assert len(judged) == 5 * ROWS
    for cell in judged:
        wanted = all_ if cell.source == "all" else source
        assert cell.state == wanted, (cell.published.key, cell.row.name, cell.source, cell.reasons)
    assert any("released weights" in cell.basis[0] for cell in judged)
