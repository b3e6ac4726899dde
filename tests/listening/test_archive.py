"""What is published of listeners tells nobody who they are, and can be analysed again."""

import json
import zipfile
from datetime import date

import pytest
import yaml

from hdemucs.errors import UserError
from hdemucs.listening.analysis.archive import Citation, archive, save
from hdemucs.listening.answers.read import read_answers
from tests.listening.test_analysis import answered, config  # noqa: F401  the fixture

CITATION = Citation("Ratings", ("Lovelace, Ada", "Müller, Jörg"), "CC-BY-4.0", date(2026, 3, 1))


@pytest.fixture
def told(answered, tmp_path):  # noqa: F811
    """Answers of people who said more than they should, and the archive's files."""
    root, entries, _ = answered
    for number, path in enumerate(sorted((root / "answers").glob("good-0*.json"))):
        answer = json.loads(path.read_text())
        answer |= {
            "listener": f"Zelda{number}", "comment": "I am Zelda of Hyrule", "agent": "Hyrulefox",
            "started": "2026-02-01T10:00:00Z", "finished": "2026-02-01T10:30:00Z",
            "seed": f"mushra-01|Zelda{number}",
        }  # fmt: skip
        (tmp_path / path.name).write_text(json.dumps(answer))
    found = read_answers(tmp_path, entries, root / "key.csv")
    return found, archive(config(), entries, tmp_path, found, CITATION), answered


def test_nothing_tells_who_it_was(told):
    _, files, _ = told
    whole = "\n".join(files.values())
    for word in ("Zelda", "Hyrule", "2026-02-01"):
        assert word not in whole
    assert "listener-001" in files["ratings.csv"]
    assert ",30," in files["participants.csv"], "how long it took is no secret"


def test_the_ratings_are_all_there_and_can_be_analysed_again(told, tmp_path):
    found, files, (root, entries, _) = told
    again = tmp_path / "again"
    again.mkdir()
    for name, content in files.items():
        if name.startswith("submissions/"):
            (again / name.rpartition("/")[2]).write_text(content)
    ratings = read_answers(again, entries, root / "key.csv").ratings
    columns = ["trial", "condition", "score"]
    wanted = found.ratings[columns].sort_values(columns).to_numpy().tolist()
    assert ratings[columns].sort_values(columns).to_numpy().tolist() == wanted
    assert files["ratings.csv"].count("\n") == 1 + len(wanted)


def test_it_says_how_to_cite_it(told, tmp_path):
    _, files, _ = told
    save(files, tmp_path / "a.zip")
    save(files, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        cited = yaml.safe_load(packed.read("CITATION.cff"))
    assert (cited["cff-version"], cited["type"], cited["license"]) == (
        "1.2.0", "dataset", "CC-BY-4.0",
    )  # fmt: skip
    assert cited["authors"][1] == {"family-names": "Müller", "given-names": "Jörg"}
    with pytest.raises(UserError, match="is not 'Family, Given'"):
        Citation("x", ("Ada Lovelace",), "CC0-1.0", date(2026, 1, 1)).text()


def test_no_answers_make_no_archive(told, tmp_path):
    _, _, (root, entries, _) = told
    (tmp_path / "none").mkdir()
    empty = read_answers(tmp_path / "none", entries, root / "key.csv")
    with pytest.raises(UserError, match="holds no answers"):
        archive(config(), entries, tmp_path / "none", empty, CITATION)
