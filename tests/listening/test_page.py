"""Whole sessions in a real browser: what is heard, shown, locked, kept, resumed and sent."""

import base64
import json

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.listening.analysis.clean import clean
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.key import load_key
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import texts
from tests.listening import firefox, listener
from tests.listening.browser import chromium, executable
from tests.listening.conftest import real
from tests.listening.family import RATE, inputs, listening_config, ratings_config
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


def rendered(page, code):
    """What an OfflineAudioContext makes of `code`, [channel, sample]."""
    data = page.run(
        f"(async () => {{ const context = new OfflineAudioContext(2, {RATE // 2}, {RATE}); {code}"
        "const made = await context.startRendering(); const bytes = [0, 1].map((channel) =>"
        "btoa(String.fromCharCode(...new Uint8Array(made.getChannelData(channel).buffer))));"
        "return bytes; })()"
    )
    return np.stack([np.frombuffer(base64.b64decode(channel), np.float32) for channel in data])


@pytest.fixture(scope="module")
def studio(site, browser):
    page = browser.page(site[0] + "/")
    page.until("typeof Listen === 'object' && Listen.start")
    return page


def test_what_is_decoded_is_what_was_written(short, studio):
    """No resampling: the page's context runs at the rate of the data."""
    path = next((short.folder / "mos" / "audio").iterdir())
    heard = rendered(
        studio,
        f"const file = await Listen.bytes('mos/audio/{path.name}');"
        f"const buffer = await context.decodeAudioData(file); {PLAY}",
    )
    np.testing.assert_allclose(heard, audio.read(path)[:, : RATE // 2], **DECODED)


DECODED = dict(rtol=3.2e-5, atol=1e-6)  # Chromium divides 16-bit samples by 32767
PLAY = """
    const source = new AudioBufferSourceNode(context, {buffer});
    source.connect(context.destination);
    source.start();
"""
RISE = 0.5 - 0.5 * np.cos(np.pi * np.arange(81) / 80)  # 5 ms at 16 kHz


def test_switching_is_out_then_in_without_overlap_or_click(studio):
    """Two constants, 1 and -1: the sum shows both gains at every sample (BS.1534-3, 5.3)."""
    heard = rendered(
        studio,
        "const buffers = [1, -1].map((value) => { const b = context.createBuffer(2, 4000, 16000);"
        "for (const c of [0, 1]) b.getChannelData(c).fill(value); return b; });"
        "const playing = Listen.start(context, buffers, 0, 0.1, 0);"
        "Listen.change(context, playing, 1, 0.2); Listen.change(context, playing, 0, 0.203);"
        "Listen.stop(context, playing, 0.3);",
    )[0]
    gain = np.zeros(RATE // 2)
    gain[1600:1681], gain[1681:3200] = RISE, 1
    gain[3200:3281], gain[3280:3361] = RISE[::-1], -RISE
    gain[3361:] = 0  # the second switch waits for the first, then goes on at once
    gain[3360:3441], gain[3440:3521] = -RISE[::-1], RISE
    gain[3521:4800] = 1
    gain[4800:4881] = RISE[::-1]
    np.testing.assert_allclose(heard, gain, atol=2e-3)
    assert np.abs(np.diff(heard)).max() < 0.021, "no step larger than the raised cosine's own"


def test_stimuli_run_in_step(short, studio):
    """After a switch the other file goes on at the same sample, loops included."""
    entries = sorted((short.folder / "mos" / "audio").iterdir())[:2]
    first, second = (audio.read(path) for path in entries)
    heard = rendered(
        studio,
        "const buffers = await Promise.all("
        f"{json.dumps(['mos/audio/' + path.name for path in entries])}"
        ".map(async (p) => context.decodeAudioData(await Listen.bytes(p))));"
        "const playing = Listen.start(context, buffers, 0, 0, 0.8);"
        "Listen.change(context, playing, 1, 0.1);",
    )
    offset = round(0.8 * RATE)
    loop = np.concatenate([first, first], axis=1)[:, offset:]
    other = np.concatenate([second, second], axis=1)[:, offset:]
    np.testing.assert_allclose(heard[:, 100:1600], loop[:, 100:1600], **DECODED)
    np.testing.assert_allclose(heard[:, 1770:], other[:, 1770 : RATE // 2], **DECODED)


def test_loop_regions_are_cut_with_faded_ends(studio):
    heard = rendered(
        studio,
        "const whole = context.createBuffer(2, 16000, 16000); whole.getChannelData(0).fill(1);"
        f"const buffer = Listen.cut(context, whole, 0.25, 0.65); {PLAY}",
    )[0]
    length = round(0.4 * RATE)
    np.testing.assert_allclose(heard[:81], RISE, atol=1e-6)
    np.testing.assert_allclose(heard[length - 81 : length], RISE[::-1], atol=1e-6)
    np.testing.assert_array_equal(heard[81 : length - 81], 1)
    np.testing.assert_array_equal(heard[length:], 0)


def test_the_headphone_check_is_between_the_ears_only(studio):
    """The ears differ in one burst, around 600 Hz, and in phase alone."""
    channels = studio.run(
        "(async () => { const made = await Listen.huggins(16000, 1, Listen.random('x'));"
        "return [0, 1].map((channel) => [...made.getChannelData(channel)]); })()"
    )
    left, right = np.array(channels)
    slot = round(1.4 * RATE)
    bursts = [slice(n * slot, n * slot + RATE) for n in range(3)]
    for n in (0, 2):
        np.testing.assert_allclose(left[bursts[n]], right[bursts[n]], rtol=0, atol=1e-20)
    spectra = [np.fft.rfft(ear[bursts[1]] * np.hanning(RATE)) for ear in (left, right)]
    magnitude = np.abs(spectra[1]).sum() / np.abs(spectra[0]).sum()
    assert magnitude == pytest.approx(1, abs=0.02)
    phase = np.abs(np.angle(spectra[1] * np.conj(spectra[0])))
    assert np.median(phase[598:603]) > 2.5
    assert np.median(phase[100:300]) < 0.2
    assert np.median(phase[1500:6000]) < 0.2
