"""The commands as people type them."""

import json

import pytest

from hdemucs.cli import main
from hdemucs.files import write_json
from hdemucs.listening.key import load_key
from tests.listening.answering import session, submission
from tests.listening.family import RATINGS


def where(published):
    return ["--sets", str(published.folder), "--keys", str(published.private)]


def test_a_session_in_one_file(published, tmp_path, capsys):
    test = ["--sets", str(published.folder)]
    main(["listen", "standalone", "mos-01", str(tmp_path / "a.html"), *test])
    assert capsys.readouterr().out == f"mos-01 -> {tmp_path / 'a.html'}\n"
    assert "Listen.embedded = " in (tmp_path / "a.html").read_text()


def test_answers_to_tables(published, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json(tmp_path / "configs" / "ratings.json", RATINGS)
    conditions = {entry.name: entry.condition for entry in load_key(published.key)}
    better = ["quality", "mixture", "lowpass-3500", "lowpass-7000", "quokka", "wombat", "reference"]
    for number in (1, 2, 3, 4):
        content = session(published.folder, f"mushra-0{number}")
        given = submission(
            content, f"l{number}", score=lambda name, _: 14 * better.index(conditions[name])
        )
        write_json(tmp_path / "reports" / "answers" / f"{number}.json", given)
    main(["listen", "analyse", *where(published)])
    assert capsys.readouterr().out.startswith("4 listeners, ")
    assert json.loads((tmp_path / "reports/ratings/summary.json").read_text())["listeners"] == 4
    listeners = (tmp_path / "reports/ratings/listeners.csv").read_text()
    assert "rehearsal" not in (tmp_path / "reports/ratings/README.md").read_text()
    assert listeners.count("not screenable") == 4, "five trials are too few to judge somebody by"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serve", "--sets", "nowhere"], "nowhere: holds no listening test"),
        (["standalone", "mos-01", "a.html", "--sets", "nowhere"], "nowhere: holds no listening"),
        (["analyse", "--sets", "nowhere"], "nowhere: holds no listening test"),
        (["secret"], "is no study: params.yaml is not here"),
    ],
)
def test_what_goes_wrong_is_one_line(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    write_json(tmp_path / "configs" / "ratings.json", RATINGS)
    with pytest.raises(SystemExit) as caught:
        main(["listen", *words])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
