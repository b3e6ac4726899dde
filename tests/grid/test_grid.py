"""Every line of params.yaml trains, goes on after a stop, separates, is scored and is in the table.

By the pipeline's own stages, on the embedded corpus, at the sizes of `tests.grid.study.TINY`.
"""

import csv
import hashlib
import json
import math

import pytest

from hdemucs.models.published import load_published
from hdemucs.report.published import published
from hdemucs.study.rows import SharedRow, row_of
from tests.grid.study import VARIANTS
from tests.training.runs import results

TRAINED = [name for name in VARIANTS if "bag" not in VARIANTS[name]]
BAGS = [name for name in VARIANTS if "bag" in VARIANTS[name]]
ROWS = [name for name in VARIANTS if not isinstance(row_of(name, VARIANTS), SharedRow)]
OFFICIAL = "_official"  # ends the names of rows that change two things at once, as the authors did
PAPER = published()


def lines(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def history(grid, name):
    return lines(grid.trained(name).whole / "history.csv")


def published_of(name):
    """The rows of the paper's tables on MUSDB18-HQ that one repeats."""
    rows = [PAPER[key] for key in VARIANTS[name]["row"].get("published", [])]
    return [row for row in rows if row.table in ("T6", "T7")]


@pytest.mark.parametrize("name", TRAINED)
def test_it_trains_and_goes_on_after_a_stop_to_the_same_bytes(grid, name):
    training = grid.trained(name)
    assert training.made  # the stop came after some steps
    assert results(training.stopped) == results(training.whole)
    losses = [row["train_loss"] for row in history(grid, name)]
    assert all(0 < float(loss) < math.inf for loss in losses)


def test_no_two_variants_train_alike(grid):
    """Every switch reaches the weights, or what validation chooses them from."""
    made = {}
    for name in TRAINED:
        content = b"".join(results(grid.trained(name).whole).values())
        made.setdefault(hashlib.sha256(content).hexdigest(), []).append(name)
    assert list(made.values()) == [[name] for name in TRAINED]


@pytest.mark.parametrize("name", TRAINED)
def test_the_penalty_is_paid_by_those_who_have_one(grid, name):
    config = json.loads(grid.here.config(name).read_text())
    asked = config["training"]["penalty"] is not None
    assert all((float(row["penalty"]) > 0) == asked for row in history(grid, name))


@pytest.mark.parametrize("name", TRAINED)
def test_weights_are_chosen_from_the_averages_it_has(grid, name):
    averages = json.loads(grid.here.config(name).read_text())["training"]["averages"]
    asked = {f"loss_{kind}-{decay:g}" for kind, all_of in averages.items() for decay in all_of}
    for row in history(grid, name):
        assert {key for key in row if key.startswith("loss_")} == asked | {"loss_model"}


@pytest.mark.parametrize("name", BAGS)
def test_a_bag_holds_its_members_as_they_were_published(grid, name):
    folder = grid.published(name)
    members = VARIANTS[name]["bag"]["members"]
    for member in members:
        weights = grid.published(member) / "model.safetensors"
        assert (folder / member / "model.safetensors").read_bytes() == weights.read_bytes()
    bag = load_published(folder).ensemble
    asked = VARIANTS[name]["bag"].get("weights") or [[1.0] * len(bag.sources)] * len(members)
    for source in range(len(bag.sources)):
        total = sum(row[source] for row in asked)
        shares = [row[source] / total for row in asked]
        assert bag.shares[:, source].tolist() == pytest.approx(shares)


@pytest.mark.parametrize("name", VARIANTS)
def test_it_separates_and_is_scored(grid, name):
    system = grid.scores(name)
    songs = json.loads(grid.here.manifest.read_text())["tracks"]
    assert [t.track for t in system.tracks] == sorted(
        song["name"] for song in songs if song["split"] == "test"
    )
    how = json.loads((grid.root / f"configs/separation/{name}.json").read_text())
    assert system.facts.separation.shifts == how["separation"]["shifts"]
    summary = json.loads((grid.root / f"reports/scores/{name}/summary.json").read_text())
    assert all(map(math.isfinite, summary["sdr"].values()))


@pytest.mark.parametrize("name", ROWS)
def test_it_is_in_the_table_with_the_papers_number_beside_it(reports, name):
    [line] = [
        row
        for row in lines(reports / "tables/ablation.csv")
        if row["Model"] == VARIANTS[name]["row"]["label"]
    ]
    seeds = [other for other in VARIANTS if VARIANTS[other]["row"].get("seed_of") == name]
    assert int(line["Seeds"]) == 1 + len(seeds)
    assert all(
        math.isfinite(float(line[source])) for source in ("All", "Drums", "Bass", "Other", "Vocals")
    )
    found = published_of(name)
    if found:
        assert float(line["Paper, MUSDB18-HQ: All"]) == found[0].scores["all"]
        assert "T" + line["Paper's table"] == found[0].table
    else:
        assert line["Paper, MUSDB18-HQ: All"] == line["Paper's table"] == ""


def test_every_row_of_the_papers_tables_6_and_7_was_run(reports):
    """Beside each of their numbers stands a row of ours, and why it is no comparison here."""
    verdicts = [
        row for row in lines(reports / "tables/reproduction.csv") if row["Table"] in ("T6", "T7")
    ]
    assert len(verdicts) == 5 * sum(row.table in ("T6", "T7") for row in PAPER.values())
    assert {row["Verdict"] for row in verdicts} == {"other conditions"}
    assert all(row["Reasons"].startswith("data: embedded") for row in verdicts)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name.endswith(OFFICIAL)])
def test_what_the_official_grid_changes_with_something_else_is_done_alone_as_well(name):
    """Both are named apart in the table; only the official one repeats the paper's number."""
    alone = name.removesuffix(OFFICIAL)
    labels = [VARIANTS[n]["row"]["label"] for n in (name, alone)]
    assert labels[0] != labels[1]
    assert "official" in labels[0] and "official" not in labels[1]
    assert published_of(name) and not published_of(alone)
