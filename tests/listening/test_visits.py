"""What happens to real listeners: two tabs, a shared computer, a server that says no, one link."""

import json

import pytest

from hdemucs.errors import UserError
from hdemucs.listening.serve.texts import load_texts, merged, texts
from tests.listening import listener
from tests.listening.answering import submission
from tests.listening.browser import TEXT, chromium
from tests.listening.serving import running
from tests.listening.test_page import pytestmark, short  # noqa: F401  skips, and the fixture

CODE, REDIRECT = "C0FFEE", "https://crowd.example/done?who={listener}"
READY = (  # somebody who has agreed and rated everything
    "Object.assign(Listen.running.state, {agreed: true, trials: %s, about: {transducer: "
    "'loudspeakers', years: 1}}), Listen.running.complete('%s'), 1"
)


@pytest.fixture(scope="module")
def site(short, tmp_path_factory):  # noqa: F811
    answers = tmp_path_factory.mktemp("visits")
    given = {"code": CODE, "redirect": REDIRECT, "attention": True, "token": "secret"}
    with running(short.folder, answers, **given) as port:
        yield f"http://127.0.0.1:{port}", answers


@pytest.fixture
def browser(tmp_path):
    """One with nothing in its storage."""
    with chromium(tmp_path / "profile") as found:
        yield found
        assert found.problems == []


def begin(page, code):
    """Consent, and come to the volume page."""
    listener.consent(page, code, "loudspeakers")
    listener.heading_is(page, "Volume")


def complete(page, comment=""):
    """Everything rated at once, as the page stores it."""
    page.until("Listen.running?.state")
    content = page.run("Listen.running.session")
    trials = submission(content)["trials"]
    page.run(READY % (json.dumps(trials), comment))


def test_a_second_tab_says_so_and_writes_nothing(site, browser):
    first = browser.page(site[0] + "/?session=mushra-01&listener=two-tabs")
    listener.consent(first, "two-tabs", "loudspeakers", given=True)
    listener.heading_is(first, "Volume")
    second = browser.page(site[0] + "/?session=mushra-01&listener=two-tabs")
    listener.heading_is(second, "Open in another tab")
    assert second.run("Listen.running.state === undefined"), "it has nothing that it could write"
    first.close()
    second.click(".next")
    listener.heading_is(second, "Volume")


def test_where_there_are_no_locks_a_mark_does_the_same(site, browser):
    """Outside https and localhost a browser has no Web Locks."""
    pages = []
    for _ in range(2):
        page = browser.page(site[0] + "/")
        page.until("document.querySelector('li a')")
        page.run("Object.defineProperty(navigator, 'locks', {value: undefined}), 1")
        owns = "new Listen.Store({sets: 's', session: 'x'}, 'ada').own()"
        pages.append((page, page.run(owns)))
    assert [owned for _, owned in pages] == [True, False]


def test_somebody_elses_session_is_not_opened_unasked(site, browser):
    page = browser.page(site[0] + "/?session=mushra-01")
    begin(page, "ada")
    page.close()
    page = browser.page(site[0] + "/?session=mushra-01")
    listener.heading_is(page, "Go on with an unfinished session?")
    assert "under the code ada" in page.run(TEXT)
    page.click(".row button:last-child")
    begin(page, "bob")  # whose code field was empty
    page.reload()
    listener.heading_is(page, "Volume")
    assert page.run("Listen.running.state.listener") == "bob", "a reload is the same person"
    page.close()
    page = browser.page(site[0] + "/?session=mushra-01")
    page.click(".row button:first-child")
    listener.heading_is(page, "Volume")
    assert page.run("Listen.running.state.listener") == "bob", "the latest first"


def test_after_the_end_a_reload_shows_the_end(site, browser):
    page = browser.page(site[0] + "/?session=mushra-02")
    begin(page, "cid")
    complete(page)
    listener.heading_is(page, "Done")
    page.reload()
    listener.heading_is(page, "Done")
    page.run("[...document.querySelectorAll('.quiet')].at(-1).click(), 1")
    page.until("document.querySelector('form')")
    assert page.run("document.querySelector('input[type=text]').value") == ""


def test_the_completion_code_comes_with_the_receipt(site, browser):
    page = browser.page(site[0] + "/?session=mushra-02&listener=crowd-7")
    page.until("document.querySelector('form')")
    assert CODE not in page.run("document.documentElement.outerHTML")
    complete(page)
    listener.heading_is(page, "Done")
    assert CODE in page.run(TEXT)
    href = page.run("document.querySelector('a.back').href")
    assert href == "https://crowd.example/done?who=crowd-7"


def test_answers_that_the_server_has_already_are_a_success(site, browser):
    page = browser.page(site[0] + "/?session=mushra-02&listener=dan")
    complete(page, "first")
    listener.heading_is(page, "Done")
    page.run("Object.assign(Listen.running.state, {sent: null}), Listen.running.complete('x'), 1")
    page.until("document.body.innerText.includes('already has your answers')")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("new Response('{\"error\": \"score: 7\"}', {status: 400})", "in order (score: 7)"),
        ("new Response('{\"error\": \"x\"}', {status: 403})", "does not accept answers from this"),
        ("new Response('{\"error\": \"x\"}', {status: 507})", "its disk may be full"),
        ("new Response('bad gateway', {status: 502})", "answered with the error 502"),
        ("Promise.reject(new Error())", "The server cannot be reached"),
    ],
)  # fmt: skip
def test_every_failure_has_words_of_its_own(site, browser, reply, words):
    page = browser.page(site[0] + "/?session=mushra-02&listener=eve")
    page.until("Listen.running?.state")
    page.run(f"window.fetch = async () => {reply}, 1")
    complete(page)
    listener.heading_is(page, "Not sent yet")
    assert words in page.run(TEXT)
    assert "safe in this browser" in page.run(TEXT)


def test_a_browser_without_sound_says_so(site, browser):
    page = browser.page(site[0] + "/?session=mushra-02&listener=deaf")
    page.until("Listen.running?.state")
    page.run(
        "Object.defineProperty(Listen.running.player.context, 'state', {get: () => 'suspended'}),"
        "Listen.running.player.context.resume = () => new Promise(() => {}), 1"
    )
    page.run("Listen.running.player.play(0)")
    page.until("document.body.innerText.includes('cannot play sound')")


def test_codes_that_are_refused_say_why(site, browser):
    page = browser.page(site[0] + "/?session=mushra-02&listener=not%20this")
    page.until("document.body.innerText.includes('code in your link cannot be used')")
    page.goto(site[0] + "/?session=mushra-02")
    page.until("document.querySelector('form')")
    page.fill("input[type=text]", "Ada Lovelace")
    said = page.run("document.querySelector('input[type=text]').validationMessage")
    assert "no spaces" in said


def test_one_link_gives_everybody_the_emptiest_session(site, browser):
    given = []
    for _ in range(4):
        page = browser.page(site[0] + "/?join=mushra")
        page.until("Listen.running?.state")
        given.append(page.run("[Listen.running.session.session, Listen.running.state.listener]"))
        page.reload()
        page.until("Listen.running?.state")
        assert page.run("Listen.running.session.session") == given[-1][0]
        page.close()
    assert len({code for _, code in given}) == 4
    assert sorted(session for session, _ in given).count("mushra-01") >= 2
    page = browser.page(site[0] + "/?join=mos&PROLIFIC_PID=5f3a")
    page.until("Listen.running?.state")
    assert page.run("[Listen.running.session.session, Listen.running.state.listener]") == [
        "mos-01",
        "5f3a",
    ]
    page.goto(site[0] + "/status?token=secret")
    page.until("document.body.innerText.includes('5f3a')")
    assert "under way" in page.run(TEXT)
    page.goto(site[0] + "/status?token=guess")
    page.until("document.body.innerText.includes('no such file')")


def test_the_one_link_again_asks_whether_it_is_the_same_person(site, browser):
    page = browser.page(site[0] + "/?join=mushra")
    page.until("Listen.running?.state")
    code = page.run("Listen.running.state.listener")
    listener.consent(page, code, "loudspeakers", given=True)
    listener.heading_is(page, "Volume")
    page.close()
    page = browser.page(site[0] + "/?join=mushra")
    listener.heading_is(page, "Go on with an unfinished session?")
    page.click(".row button:first-child")
    listener.heading_is(page, "Volume")
    assert page.run("Listen.running.state.listener") == code


def trial_page(browser, site, code):
    """A page with its first MUSHRA trial."""
    page = browser.page(site[0] + f"/?session=mushra-01&listener={code}")
    listener.consent(page, code, "loudspeakers", given=True)
    listener.set_volume(page)
    listener.go_on(page)
    listener.shown(page)
    return page


def test_arrows_rate_alike_in_every_browser(site, browser):
    page = trial_page(browser, site, "ira")
    page.key("1")
    page.until("document.activeElement === Listen.running.page.sliders[0]")
    page.key("Home")
    for key, score in (("ArrowUp", 1), ("ArrowRight", 2), ("PageUp", 12), ("ArrowDown", 11),
                       ("ArrowLeft", 10), ("PageDown", 0)):  # fmt: skip
        page.key(key)
        assert page.run("Listen.running.page.ratings[0].score") == score, key


def test_a_phone_keeps_the_scale_in_sight_and_nothing_jumps(site, browser):
    page = trial_page(browser, site, "jo")
    page.resize(390, 800, mobile=True)
    places = "[...document.querySelectorAll('.board button')].map((b) => b.offsetLeft)"
    before = page.run(places)
    page.key("2")
    page.until("Listen.running.player.playing")
    assert page.run(places) == before, "a pressed button takes no more room"
    page.run("document.querySelector('.board').scrollLeft = 1000, 1")
    scale = "document.querySelector('.scale').getBoundingClientRect()"
    left, right = page.run(f"[{scale}.left, {scale}.right]")
    assert left >= 0
    assert right <= 390
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.run("document.querySelector('.scale').innerText").split()[0] == "100"


def test_the_next_sounds_are_loaded_ahead(site, browser):
    page = trial_page(browser, site, "kim")
    ahead = page.run("[...Listen.ahead.keys()]")
    assert ahead == page.run("Listen.running.coming()")
    assert len(ahead) > 2
    version = "performance.getEntriesByType('resource').filter((r) => r.name.includes('.flac?v='))"
    page.until(f"{version}.length >= {len(ahead)}")


def test_the_time_it_takes_follows_from_the_plan(site, browser):
    page = browser.page(site[0] + "/?session=mos-01")
    page.until("Listen.running")
    minutes = page.run(
        "Listen.minutes({training: [], seconds: 12, blocks: [Array(25).fill({stimuli: ['a']})]})"
    )
    assert minutes == 20, "25 clips of 12 s, heard twice, and 12 s each to answer; 2 minutes before"
    assert "about 5 minutes" in page.run(TEXT)
    assert page.run("document.title") == "Listening test", "no system's name in it"


def test_the_same_page_in_another_language(site, browser):
    page = browser.page(site[0] + "/?session=mos-01&listener=fritz&lang=de")
    page.until("document.querySelector('form')")
    assert "Jahre musikalischer Erfahrung" in page.run(TEXT)
    complete(page)
    listener.heading_is(page, "Fertig")


def test_attention_checks_come_in_the_middle_and_are_counted(site, browser):
    page = browser.page(site[0] + "/?session=mushra-01&listener=gil")
    page.until("Listen.running?.state")
    kinds = page.run("Listen.running.steps.map((step) => step.kind)")
    assert kinds.count("attention") == 2
    assert all(kinds[n - 1] == "trial" for n, kind in enumerate(kinds) if kind == "attention")
    step = kinds.index("attention")
    page.run(f"Object.assign(Listen.running.state, {{agreed: true, step: {step}}}),"
             "Listen.running.go(), 1")  # fmt: skip
    listener.heading_is(page, "A short question")
    number = page.run(f"Listen.running.steps[{step}].number")
    page.click(f".row button:nth-child({1 + number % 5})")
    page.until(f"Listen.running.state.step === {step + 1}")
    assert page.run("Listen.running.state.attention") == {"correct": 0, "of": 1}


def test_leaving_in_the_middle_is_warned_of(site, browser):
    page = browser.page(site[0] + "/?session=mos-01&listener=hal")
    listener.consent(page, "hal", "loudspeakers", given=True)
    listener.set_volume(page)
    listener.go_on(page)
    listener.shown(page)
    page.click(".play")
    before = browser.warnings
    page.reload()
    assert browser.warnings == before + 1


def test_languages_say_the_same_things():
    english, german = texts("en"), texts("de")
    own = {"sources", "any_source"}

    def shape(said, place=""):
        if isinstance(said, dict):
            return {f"{place}.{key}": shape(value, key) for key, value in said.items()}
        return len(said) if isinstance(said, list) else type(said).__name__

    assert {k: shape(v) for k, v in english.items() if k not in own} == {
        k: shape(v) for k, v in german.items() if k not in own
    }


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"consnet": ["x"]}, "has .consnet, which is no text of the page"),
        ({"consent": "x"}, "has a str at .consent"),
        ({"consent": ["{hours} hours"]}, "has {hours} at .consent; nothing fills it"),
        ([], "has a list at the top"),
    ],
)
def test_own_words_that_the_page_cannot_say_are_refused(tmp_path, own, message):
    (tmp_path / "own.json").write_text(json.dumps(own))
    with pytest.raises(UserError) as caught:
        load_texts(tmp_path / "own.json")
    assert message in str(caught.value)


def test_own_words_replace_the_pages(tmp_path):
    (tmp_path / "own.json").write_text('{"consent": ["{minutes} min"], "sources": {"kazoo": "x"}}')
    said = merged(texts("en"), load_texts(tmp_path / "own.json"))
    assert said["consent"] == ["{minutes} min"]
    assert said["sources"]["kazoo"] == "x"
    assert said["begin"] == "Begin"
