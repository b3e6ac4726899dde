"""Everybody gets the emptiest session, and the same one again; a restart forgets nothing."""

from collections import Counter

from hdemucs.listening.serve.panel import HOLD, Panel
from hdemucs.listening.serve.status import status_page

SESSIONS = {"mushra-01": "mushra", "mushra-02": "mushra", "mos-01": "mos"}


def test_sessions_fill_evenly(tmp_path):
    panel = Panel(SESSIONS, tmp_path)
    given = Counter(panel.join(f"l{n}", "mushra") for n in range(10))
    assert given == {"mushra-01": 5, "mushra-02": 5}
    assert panel.join("l3", "mushra") == panel.join("l3", "mushra"), "the same one again"
    assert panel.join("new", None) == "mos-01", "the emptiest of all"
    assert panel.join("new", "nothing") is None


def test_stored_answers_count(tmp_path):
    for number in range(3):
        (tmp_path / f"mushra-01-{number}.json").write_text("{}")
    panel = Panel(SESSIONS, tmp_path)
    assert [panel.join(f"l{n}", "mushra") for n in range(3)] == ["mushra-02"] * 3
    panel.finish("mushra-02", "l0", new=True)
    assert panel.taken() == {"mushra-01": 3, "mushra-02": 3}


def test_who_left_keeps_no_place(tmp_path):
    now = [0.0]
    panel = Panel(SESSIONS, tmp_path, lambda: now[0])
    assert panel.join("gone", "mushra") == "mushra-01"
    now[0] = HOLD + 1
    assert panel.join("next", "mushra") == "mushra-01"
    panel.follow("mushra-01", "gone", 3, 9)  # and comes back
    assert panel.taken()["mushra-01"] == 2


def test_a_restarted_server_knows_who_listens(tmp_path):
    panel = Panel(SESSIONS, tmp_path)
    first = panel.join("ada", "mushra")
    panel.follow(first, "ada", 4, 20)
    panel.follow("mos-01", "<b>", 20, 20)
    panel.finish("mos-01", "<b>", new=True)
    again = Panel(SESSIONS, tmp_path)
    assert again.seats == panel.seats
    assert again.join("bob", "mushra") != first
    text = status_page(again)
    assert "step 4 of 20" in text
    assert "<td>&lt;b&gt;</td><td>mos-01</td><td>done</td>" in text
