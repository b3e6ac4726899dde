"""Answers from webMUSHRA (CSV) and pymushra (JSON), read from golden files."""

import json
import shutil
from pathlib import Path

import pytest

from hdemucs.errors import UserError
from hdemucs.listening.analysis.clean import clean
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.key import save_key
from tests.listening import panel
from tests.listening.family import ratings_config

GOLDENS = Path(__file__).parents[1] / "goldens" / "listening"
MUSHRA = ("mushra.csv", "pymushra-export-mushra.json", "pymushra.db.json")
CLIPS = ("lss.csv", "pymushra-export-likert_single_stimulus.json", "pymushra.db.json")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    entries = [*panel.key(1), *panel.key(1, kind="mos")]
    path = tmp_path_factory.mktemp("key") / "key.csv"
    save_key(entries, path)
    return entries, path


def answers(key, folder, name):
    shutil.copy(GOLDENS / name, folder)
    return read_answers(folder, *key).ratings


@pytest.mark.parametrize("name", MUSHRA)
def test_mushra_scores(key, tmp_path, name):
    found = answers(key, tmp_path, name)
    found = found[found["set"] == "mushra"]
    assert set(found["listener"]) == {"bea", "drum and bass"}
    assert set(found["source"]) == {"drums", "vocals"}
    assert len(found) == 2 * 2 * 2 * 8
    assert found["plays"].isna().all(), "it does not say"
    assert set(found["page_ms"]) == {41_234}
    for row in found.to_dict("records"):
        less = 0 if row["listener"] == "bea" else 2
        assert row["score"] == max(0, panel.TRUE[row["attribute"]][row["condition"]] - less)


@pytest.mark.parametrize("name", CLIPS)
def test_opinion_scores(key, tmp_path, name):
    found = answers(key, tmp_path, name)
    found = found[found["set"] == "mos"]
    clips = [e.name for e in key[0] if e.set == "mos" and e.source in {"bass", "other"}]
    assert len(found) == 2 * 8 * 2
    for row in found.to_dict("records"):
        place = clips.index(row["trial"]) + (0 if row["listener"] == "bea" else 2)
        wanted = {"quality": 1 + place % 5, "contamination": 5 - place % 5}
        assert row["score"] == wanted[row["attribute"]]


def test_a_table_for_both_is_read_whole(key, tmp_path):
    found = answers(key, tmp_path, "pymushra.db.json")
    assert found["set"].value_counts().to_dict() == {"mushra": 64, "mos": 32}


def test_a_slider_left_alone_is_cleaned_away(key, tmp_path):
    """webMUSHRA stores 100 for every stimulus of an untouched trial."""
    lines = (GOLDENS / "mushra.csv").read_text().splitlines()
    columns = [line.split(",") for line in lines[1:9]]
    untouched = [",".join([*row[:5], "100", *row[6:]]) for row in columns]
    (tmp_path / "mushra.csv").write_text("\n".join([lines[0], *untouched]) + "\n")
    found = read_answers(tmp_path, *key).ratings
    assert set(found["score"]) == {100}
    assert list(clean(found, ratings_config().cleaning).dropped["reason"]) == ["all scores equal"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.csv", "a,b\n1,2\n", "is no mushra.csv or lss.csv of webMUSHRA"),
        ("x.json", "{", "is no JSON"),
        ("x.json", '{"a": 1}', "is neither our answers nor pymushra's"),
        ("x.json", '[{"responses_score": 3}]', "is neither our answers nor pymushra's"),
        ("x.xlsx", "", "is no .json or .csv of answers"),
    ],
)
def test_other_files_are_refused_by_name(key, tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        read_answers(tmp_path, *key)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def changed(tmp_path, name, old, new):
    (tmp_path / name).write_text((GOLDENS / name).read_text().replace(old, new, 1))


def test_foreign_trials_and_words_are_refused(key, tmp_path):
    trial = (GOLDENS / "mushra.csv").read_text().splitlines()[1].split(",")[3]
    for old, new, message in (
        (trial, "another", "has a trial 'another' that is none of ours"),
        (trial, "another.quality.0", "which .* lacks"),
        (",100,41234", ",loud,41234", "has 'loud' where a number belongs"),
    ):
        changed(tmp_path, "mushra.csv", old, new)
        with pytest.raises(UserError, match=message):
            read_answers(tmp_path, *key)


def test_clips_without_a_listener_are_refused(key, tmp_path):
    changed(tmp_path, "lss.csv", ",bea,", ",,")
    with pytest.raises(UserError, match="neither session_uuid nor the code of a listener"):
        read_answers(tmp_path, *key)


def test_names_are_no_numbers():
    """pymushra turns words that look like numbers into numbers: blind names are letters alone."""
    assert all(entry.name.isalpha() and entry.trial.isalpha() for entry in panel.key(3))
    database = json.loads((GOLDENS / "pymushra.db.json").read_text())
    (table,) = database.values()
    assert all(isinstance(trial["id"], str) for trial in table.values())
