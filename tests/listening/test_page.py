"""Whole sessions in a real browser: what is heard, shown, locked, kept, resumed and sent."""

import json

import pytest

from hdemucs.listening.analysis.clean import clean
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.key import load_key
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import texts
from tests.listening import firefox, listener
from tests.listening.browser import chromium, executable
from tests.listening.conftest import real
from tests.listening.family import inputs, listening_config, ratings_config
from tests.listening.serving import running

pytestmark = pytest.mark.skipif(
    executable() is None, reason="needs Chromium: apt-get install chromium (.ci/run does)"
)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A test of one-second excerpts, one a source."""
    root = tmp_path_factory.mktemp("short")
    config = listening_config()
    mushra = type(config.mushra)(sessions=2, trials=3, replicates=1)
    mos = type(config.mos)(sessions=1, clips=3)
    made = inputs(root, seconds=1.0, per_source=1)
    return real(listening_config(mushra=mushra, mos=mos), made, root)


@pytest.fixture(scope="module")
def site(short, browser, tmp_path_factory):  # noqa: ARG001  one for each browser
    """The address of a server for one browser, and where it keeps answers."""
    answers = tmp_path_factory.mktemp("answers")
    with running(short.folder, answers) as port:
        yield f"http://127.0.0.1:{port}", answers


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request, tmp_path_factory):
    if request.param == "firefox" and firefox.executable() is None:
        pytest.skip("needs Firefox: apt-get install firefox-esr (.ci/run does)")
    started = {"chromium": chromium, "firefox": firefox.firefox}[request.param]
    with started(tmp_path_factory.mktemp("profile")) as found:
        yield found
        assert found.problems == []


@pytest.fixture(scope="module")
def key(short):
    return {entry.name: entry.condition for entry in load_key(short.key)}


def test_the_front_page_lists_the_sessions(site, browser):
    page = browser.page(site[0] + "/")
    page.until("document.querySelectorAll('li a').length === 3")
    links = page.run("[...document.querySelectorAll('li a')].map((a) => a.getAttribute('href'))")
    assert links == ["?session=mushra-01", "?session=mushra-02", "?session=mos-01"]
    page.goto(site[0] + "/?session=nothing")
    page.until("document.querySelector('h1')?.textContent === 'The test cannot be opened'")


def test_a_rehearsal_says_on_every_page_that_it_is_one(rehearsal, site, browser, tmp_path):
    note = "document.getElementById('rehearsal')"
    with running(rehearsal.folder, tmp_path, rehearsal=True) as port:
        page = browser.page(f"http://127.0.0.1:{port}/?session=mos-01")
        for address, said in (("", "for trying out"), ("&lang=de", "zum Ausprobieren")):
            page.goto(f"http://127.0.0.1:{port}/?session=mos-01{address}")
            page.until(f"document.querySelector('form') && {note}.innerText.includes('{said}')")
    page.goto((rehearsal.folder / "index.html").as_uri())
    page.until(f"{note}.innerText.includes('hdemucs listen secret')")
    page.goto(site[0])
    page.until("document.querySelector('li a')")
    assert page.run(f"{note} === null"), "a real test says no such thing"
    page.close()


def scoring(key):
    """A listener with an opinion on each condition: multiples of 10, the reference 100."""
    order = ["quality", "mixture", "lowpass-3500", "lowpass-7000", "quokka", "wombat"]
    marks = {"reference": 100, **{name: 10 * place for place, name in enumerate(order, 1)}}
    return lambda name: marks[key[name]]


@pytest.fixture(scope="module")
def mushra_answers(site, browser, key, short):
    """A session by keyboard, reloaded in the middle of a trial: what was meant, what came."""
    page = browser.page(site[0] + "/?session=mushra-01")
    listener.consent(page, "bea", "headphones")
    listener.set_volume(page)
    listener.check_headphones(page)
    listener.train_mushra(page)
    score = scoring(key)

    def before(number):
        if number == 2:
            listener.reload_in_the_middle(page, score)
            page.screenshot(short.folder.parent / "mushra.png")

    meant = listener.mushra_trials(page, 3, score, before)
    listener.finish(page, "drum & bass + <b>")
    (stored,) = site[1].glob("mushra-01-*.json")
    return meant, json.loads(stored.read_text())


def test_a_mushra_session_arrives_as_it_was_rated(mushra_answers):
    meant, stored = mushra_answers
    found = {
        answer["trial"]: {rating["stimulus"]: rating["score"] for rating in answer["ratings"]}
        for answer in stored["trials"]
    }
    assert found == meant
    assert stored["listener"] == "bea"
    assert stored["comment"] == "drum & bass + <b>"
    assert stored["headphones"]["of"] == 6
    assert [answer["position"] for answer in stored["trials"]] == [1, 2, 3]
    for answer in stored["trials"]:
        assert answer["page_ms"] >= sum(rating["played_ms"] for rating in answer["ratings"]) * 0.9
        for rating in answer["ratings"]:
            assert rating["plays"] >= 1
            assert 0 < rating["covered"] <= 1
            assert rating["played_ms"] >= 500
            assert rating["trace"][-1][1] == rating["score"]


@pytest.fixture(scope="module")
def mos_answers(site, browser, short):
    """A session by mouse, reloaded in the middle of a clip."""
    page = browser.page(site[0] + "/?session=mos-01&listener=cid")
    listener.consent(page, "cid", "loudspeakers", given=True)
    listener.set_volume(page)
    listener.train_mos(page, 4)

    def before(number):
        if number == 2:
            page.click("input[name=quality][value='4']")
            page.reload()
            listener.shown(page)
            assert page.run("document.querySelector('input[name=quality]:checked').value") == "4"
            page.screenshot(short.folder.parent / "mos.png")

    meant = listener.mos_trials(page, 3, before)
    listener.finish(page, "")
    (stored,) = site[1].glob("mos-01-*.json")
    return meant, json.loads(stored.read_text())


def test_a_mos_session_arrives_as_it_was_rated(mos_answers):
    meant, stored = mos_answers
    found = {
        answer["ratings"][0]["stimulus"]: {r["attribute"]: r["score"] for r in answer["ratings"]}
        for answer in stored["trials"]
    }
    assert found == meant
    assert stored["headphones"] is None
    assert stored["about"] == {"transducer": "loudspeakers", "years": 3}


def test_the_analysis_gives_back_what_was_rated(mushra_answers, mos_answers, short, site, key):
    """Both sessions, from the page through the server to the table."""
    table = read_answers(site[1], load_key(short.key), short.key).ratings
    meant, _ = mushra_answers
    found = table[table["listener"] == "bea"]
    assert {
        trial: dict(zip(own["condition"], own["score"], strict=True))
        for trial, own in found.groupby("trial")
    } == {trial: {key[n]: s for n, s in ratings.items()} for trial, ratings in meant.items()}
    meant, _ = mos_answers
    found = table[table["listener"] == "cid"]
    assert {
        name: dict(zip(own["attribute"], own["score"], strict=True))
        for name, own in found.groupby("trial")
    } == meant
    cleaned = clean(table, ratings_config().cleaning)
    assert len(cleaned.dropped) == 0, "no real session is taken for none"


ORDER = (
    "Listen.plan(Listen.running.session, Listen.running.state, false)"
    ".map((step) => [step.trial?.id, step.order])"
)


def test_listeners_hear_different_orders(site, browser):
    orders = []
    for code in ("bea", "cid", "bea"):
        page = browser.page(site[0] + f"/?session=mushra-02&listener={code}")
        page.until("document.querySelector('form')")
        orders.append(page.run(ORDER))
        page.close()
    assert orders[0] == orders[2]
    assert orders[0] != orders[1]


def test_a_stand_alone_file_needs_no_server(short, browser, tmp_path):
    standalone(short.folder, "mushra-01", tmp_path / "session.html", texts("en"))
    page = browser.page(f"file://{tmp_path}/session.html?listener=eve")
    listener.consent(page, "eve", "loudspeakers", given=True)
    listener.set_volume(page)
    listener.train_mushra(page)
