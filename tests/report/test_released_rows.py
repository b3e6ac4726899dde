"""Released models in the report: what a cell rests on; who knows the test songs is compared with
nobody.
"""

import csv
import dataclasses
import html
import shutil

import pytest

from hdemucs.config.given import TEST_SONGS
from hdemucs.config.separation import SeparationConfig
from hdemucs.evaluation.systems import load_systems
from hdemucs.report.build import Places, build
from hdemucs.report.claims import judged
from hdemucs.report.evidence import comparisons, stability
from hdemucs.report.published import published
from hdemucs.report.results import arranged
from hdemucs.report.runs import ReleasedFacts, save_runs
from hdemucs.report.verdict import NOT, OTHER, REPRODUCED, basis, cells
from tests.report.conftest import CONFIG, row
from tests.report.test_verdict import MUSDB, system

LEAKY = "hybrid"
FILES = ("9a6b4851-03af0aa6.th", "1ef250f1-592467ce.th")
LABEL = f"Track B's bag (trained on: {TEST_SONGS})"
ROWS = (
    row("waveform", "Improved time Demucs", None, "T7/base"),
    row("demucs-v2", "Demucs v2", LEAKY),
    row("waveform-no-lstm", "- LSTM in branch", "waveform"),
    row(LEAKY, "Track B's bag", "waveform", "T3/hybrid"),
)


def released(file, trained_on="MUSDB18-HQ", parameters=133_753_064):
    return ReleasedFacts(
        file=file, url=f"https://example.org/{file}", sha256=file[0] * 64, authors="A. Nobody",
        trained_on=trained_on, parameters=parameters,
    )  # fmt: skip


@pytest.fixture(scope="module")
def leaking(study, tmp_path_factory):
    """The study in which a row's model was trained on the test songs; it is the best by far."""
    place = tmp_path_factory.mktemp("leaking")
    for part in ("scores", "oracles", "curves", "runs"):
        shutil.copytree(study / part, place / part)
    save_runs(place / f"runs/{LEAKY}.json", [released("e51eebcc-c1b80bdd.th", TEST_SONGS)])
    config = dataclasses.replace(CONFIG, rows=ROWS)
    build(config, Places.of(place), place / "out")
    return place


def lines(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_who_knows_the_test_songs_has_scores_that_say_so(leaking):
    page = html.unescape((leaking / "out/index.html").read_text())
    assert page.count(LABEL) >= 3  # in the ablation, among all scores, in the provenance
    assert page.count("Track B's bag") == page.count(LABEL)
    table = {line["Model"]: line for line in lines(leaking / "out/tables/ablation.csv")}
    assert table[LABEL]["All"]
    assert not table[LABEL]["Δ All"] and not table[LABEL]["to"]
    assert LABEL in {line["System"] for line in lines(leaking / "out/tables/scores_sdr.csv")}


def test_it_is_in_no_comparison_in_no_ranking_and_in_no_bold(leaking):
    differences = lines(leaking / "out/tables/differences.csv")
    assert {line["Row"] for line in differences} == {"- LSTM in branch"}
    assert LABEL not in {line["Baseline"] for line in differences}
    assert "Track B" not in (leaking / "out/figures/differences.svg").read_text()
    assert LABEL not in {line["Row"] for line in lines(leaking / "out/tables/stability.csv")}
    text = (leaking / "out/tables/ablation.md").read_text()
    [line] = [each for each in text.splitlines() if LABEL in each]
    assert "**" not in line


def test_it_is_no_claims_evidence(leaking):
    """Both rows of the claim were run, and the better one knew the songs."""
    untested = {line["Claim"]: line for line in lines(leaking / "out/tables/claims-untested.csv")}
    why = untested["A hybrid of both domains separates better than the waveform domain alone"]
    assert why["Why it was not tested"] == f"{LEAKY} was trained on the test songs"


def test_its_cells_reproduce_nothing(leaking):
    table = lines(leaking / "out/tables/reproduction.csv")
    ran = [line for line in table if line["Our row"] == LABEL]
    assert len(ran) == 5
    assert {line["Verdict"] for line in ran} == {OTHER}


def test_the_same_row_trained_on_other_songs_is_compared(study):
    config = dataclasses.replace(CONFIG, rows=ROWS)
    systems = load_systems(study / "scores", study / "oracles")
    results = arranged(config, systems, {LEAKY: (released("x"),)})
    assert {one.row.name for one in comparisons(results)} == {
        LEAKY, "demucs-v2", "waveform-no-lstm",
    }  # fmt: skip
    assert len(stability(results).frame) == 4
    [claim] = [c for c in judged(results, published()) if c.claim.name == "hybrid-over-waveform"]
    assert claim.decision is not None


# What a verdict rests on


def verdicts(offset=0.0, shifts=2, data=MUSDB, sizes=(133_753_064, 133_753_064)):
    how = SeparationConfig(segment=44.0, overlap=0.25, shifts=shifts, max_shift=0.5)
    one = system(offset, separation=how, data=data, name="released")
    config = dataclasses.replace(CONFIG, rows=(row("released", "as released", None, "T7/bag"),))
    origins = tuple(released(file, parameters=n) for file, n in zip(FILES, sizes, strict=True))
    results = arranged(config, {one.name: one}, {one.name: origins})
    return results, [c for c in cells(results, published()) if c.published.key == "T7/bag"]


EMBEDDED = dataclasses.replace(MUSDB, name="embedded")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"offset": 0.44}, REPRODUCED),  # of T7/base; the bag's SDR is higher by that
        ({"offset": 5.0}, NOT),
        ({"shifts": 1}, OTHER),
        ({"sizes": (1, 1)}, OTHER),
        ({"data": EMBEDDED}, OTHER),
    ],
)
def test_every_cell_names_released_weights_whose_which_files_and_which_digests(changes, state):
    results, judged_ = verdicts(**changes)
    assert {cell.source for cell in judged_} == {"all", *results.sources}
    assert judged_[0].state == state
    for cell in judged_:
        told = " ".join(cell.basis)
        assert "released weights" in told and "A. Nobody" in told
        for file in FILES:
            assert f"{file} by A. Nobody (SHA-256 {file[0] * 64}), trained on MUSDB18-HQ" in told
    [line] = basis(judged_).frame.to_dict("records")
    assert all(file in line["Rests on, or differs in"] for file in FILES)
