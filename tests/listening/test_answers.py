"""What arrives more than once counts once; what nobody can have answered counts never."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hdemucs.errors import UserError
from hdemucs.listening.analysis.analyse import examine
from hdemucs.listening.analysis.clean import clean
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.key import save_key
from tests.listening import panel
from tests.listening.test_analysis import config

GOLDENS = Path(__file__).parents[1] / "goldens" / "listening"


@pytest.fixture(scope="module")
def test(tmp_path_factory):
    """A key and its path, with both sets."""
    entries = [*panel.key(1), *panel.key(1, kind="mos")]
    path = tmp_path_factory.mktemp("key") / "key.csv"
    save_key(entries, path)
    return entries, path


@pytest.fixture
def sent(test):
    """A submission of our page to the MUSHRA set."""
    plan = panel.sessions(test[0][: len(panel.key(1))], 1, 5)
    world = panel.World(np.random.default_rng(3))
    mushra = [entry for entry in test[0] if entry.set == "mushra"]
    (made,) = panel.submissions(world, mushra, plan, {"ada": panel.honest})
    return {**made, "sets": panel.digest(test[0]), "finished": "2026-03-01T10:20:00.000Z"}


def write(folder, **files):
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text)


def test_a_download_beside_the_servers_copy_counts_once(test, sent, tmp_path):
    write(tmp_path, server=sent, **{"server (1)": json.dumps(sent, indent=2)})
    found = read_answers(tmp_path, *test)
    single = sum(len(trial["ratings"]) for trial in sent["trials"])
    assert len(found.ratings) == single
    (copy,) = found.repeated
    assert (copy.file, copy.first, copy.trials) == ("server.json", "server (1).json", 5)
    text = examine(config(), test[0], found, "toy").frames["repeated"].to_csv()
    assert "server (1).json" in text


@pytest.mark.parametrize(("name", "trials"), [("mushra.csv", 8), ("lss.csv", 16)])
def test_a_backup_of_a_table_counts_once(test, tmp_path, name, trials):
    shutil.copy(GOLDENS / name, tmp_path / name)
    once = read_answers(tmp_path, *test)
    shutil.copy(GOLDENS / name, tmp_path / name.replace(".", " (1)."))
    twice = read_answers(tmp_path, *test)
    assert len(twice.ratings) == len(once.ratings) > 0
    assert sum(copy.trials for copy in twice.repeated) == trials


def test_a_database_and_its_exports_count_once(test, tmp_path):
    shutil.copy(GOLDENS / "pymushra.db.json", tmp_path)
    once = read_answers(tmp_path, *test)
    for name in ("pymushra-export-mushra.json", "pymushra-export-likert_single_stimulus.json"):
        shutil.copy(GOLDENS / name, tmp_path)
    assert len(read_answers(tmp_path, *test).ratings) == len(once.ratings) == 96


def test_a_session_sent_twice_to_webmushra_counts_once(test, tmp_path):
    """Its PHP appends: the rows stand in the file again."""
    head, *rows = (GOLDENS / "mushra.csv").read_text().splitlines()
    (tmp_path / "mushra.csv").write_text("\n".join([head, *rows, *rows]) + "\n")
    found = read_answers(tmp_path, *test)
    assert len(found.ratings) == len(rows)
    assert [copy.file for copy in found.repeated] == ["mushra.csv"] * 2


def test_copies_that_contradict_each_other_are_refused(test, sent, tmp_path):
    changed = json.loads(json.dumps(sent))
    changed["trials"][0]["ratings"][0]["score"] = 7
    write(tmp_path, a=sent, b=changed)
    with pytest.raises(UserError, match=r"b\.json: contradicts a\.json about trial"):
        read_answers(tmp_path, *test)


def test_the_first_in_time_counts_whatever_its_name(test, sent, tmp_path):
    later = {**json.loads(json.dumps(sent)), "submission": "f" * 32}
    later["finished"] = "2026-03-01T09:20:00+00:00"  # an hour earlier
    for trial in later["trials"]:
        for rating in trial["ratings"]:
            rating["score"] = max(0, rating["score"] - 1)
    write(tmp_path, a=sent, z=later)
    cleaned = clean(read_answers(tmp_path, *test).ratings, config().cleaning)
    assert set(cleaned.ratings["submission"]) == {"f" * 32}
    assert set(cleaned.dropped["reason"]) == {"rated by this listener before"}
    assert len(cleaned.dropped) == 5


def changed_trial(sent, change):
    made = json.loads(json.dumps(sent))
    change(made["trials"][0])
    return made


IMPOSSIBLE = {
    "another attribute": (
        lambda trial: [
            rating.update(attribute={"quality": "contamination", "contamination": "quality"}[
                rating["attribute"]])
            for rating in trial["ratings"]
        ],
        "is rated in a trial on",
    ),
    "five times": (
        lambda trial: trial["ratings"].extend([trial["ratings"][0]] * 4),
        "a stimulus is rated twice",
    ),
    "one absent": (lambda trial: trial["ratings"].pop(), "incomplete"),
    "one empty": (lambda trial: trial["ratings"][2].update(score=None), "incomplete"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_trial_that_nobody_can_have_rated_so_is_left_out(test, sent, tmp_path, change, reason):
    write(tmp_path, a=changed_trial(sent, change))
    found = clean(read_answers(tmp_path, *test).ratings, config().cleaning)
    assert len(found.dropped) == 1
    assert reason in found.dropped["reason"][0]
    assert found.ratings["trial"].nunique() == 4


def table(name, change):
    """A golden table with its rows changed, as text."""
    rows = list(csv.DictReader(io.StringIO((GOLDENS / name).read_text())))
    rows = [made for row in rows if (made := change(dict(row))) is not None]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    ("name", "column", "reason"),
    [
        ("lss.csv", "stimuli_rating1", "a score of 100 on a scale from 1 to 5"),
        ("mushra.csv", "rating_score", "a score of 1000 on a scale from 0 to 100"),
    ],
)
def test_a_score_off_the_scale_is_left_out(test, tmp_path, name, column, reason):
    score = "100" if name == "lss.csv" else "1000"
    text = table(name, lambda row: {**row, column: score} if row["listener"] == "bea" else row)
    (tmp_path / name).write_text(text)
    found = clean(read_answers(tmp_path, *test).ratings, config().cleaning)
    assert set(found.dropped["reason"]) == {reason}
    assert set(found.ratings["listener"]) == {"drum and bass"}


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("comma", [",", ";"])
def test_tables_as_other_software_saves_them(test, tmp_path, encoding, comma):
    text = table("mushra.csv", lambda row: {**row, "listener": "Béa"})
    (tmp_path / "mushra.csv").write_bytes(text.replace(",", comma).encode(encoding))
    found = read_answers(tmp_path, *test).ratings
    assert set(found["listener"]) == {"Béa"}
    assert found["score"].notna().all()


def without(column):
    return lambda row: {name: value for name, value in row.items() if name != column}


def test_a_table_without_sessions_tells_listeners_apart_by_code(test, tmp_path):
    (tmp_path / "mushra.csv").write_text(table("mushra.csv", without("session_uuid")))
    found = read_answers(tmp_path, *test).ratings
    assert set(found["listener"]) == {"bea", "drum and bass"}
    bare = table("mushra.csv", lambda row: without("listener")(without("session_uuid")(row)))
    (tmp_path / "mushra.csv").write_text(bare)
    with pytest.raises(UserError, match="neither session_uuid nor the code of a listener"):
        read_answers(tmp_path, *test)


def test_one_scale_is_read_for_itself(test, tmp_path):
    (tmp_path / "lss.csv").write_text(table("lss.csv", without("stimuli_rating1")))
    found = read_answers(tmp_path, *test).ratings
    assert set(found["attribute"]) == {"contamination"}


def test_no_trials_at_all_are_no_ratings(test, sent, tmp_path):
    write(tmp_path, a={**sent, "trials": []})
    found = read_answers(tmp_path, *test)
    assert len(found.ratings) == 0


def test_everyone_and_everything_about_them_is_in_a_table(test, sent, tmp_path):
    given = {
        **sent, "started": "2026-03-01T10:00:00Z", "comment": "the bass hums",
        "headphones": {"correct": 3, "of": 6}, "attention": {"correct": 1, "of": 1},
    }  # fmt: skip
    given = changed_trial(given, lambda trial: trial["ratings"].pop())
    write(tmp_path, a=given)
    found = examine(config(), test[0], read_answers(tmp_path, *test), "toy").frames["participants"]
    (row,) = found.to_dict("records")
    assert row["minutes"] == 20.0
    assert (row["transducer"], row["years"], row["headphones"]) == ("headphones", 5, "3/6")
    assert (row["attention"], row["comment"]) == ("1/1", "the bass hums")
    assert (row["trials"], row["trials_left_out"]) == (5, 1)
    assert row["left_out_because"] == "1 x incomplete"
    assert row["verdict"] == "not screenable"
    assert row["flags"].endswith("headphone check passed: 3/6")
