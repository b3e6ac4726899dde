"""A listener at the page: reads it, plays, rates, reloads, sends."""

STIMULUS_KEYS = "1234567890-="
SHOWN = "Listen.running?.page && document.querySelector('.board, fieldset')"
PAGE = "Listen.running.page"


def heading_is(page, text):
    page.until(f"document.querySelector('h1')?.textContent === {text!r}")


def go_on(page):
    page.click(".next")


def shown(page):
    """The trial on the page: its id and its stimuli, in the order shown."""
    page.until(SHOWN)
    return page.run(f"[{PAGE}.trial.id, {PAGE}.order.map((name) => name.replace('.flac', ''))]")


def consent(page, code, transducer, *, given=False):
    """Read and agree; `given`: the link has the code already."""
    page.until("document.querySelector('form')")
    assert page.run("document.activeElement.tagName") == "H1", "the heading has the focus"
    if given:
        assert page.run("document.querySelector('input[type=text]').value") == code
    else:
        assert page.run("document.querySelector('input[type=text]').value") == "", "nobody's code"
        page.fill("input[type=text]", code)
    page.run(f"document.querySelector('select').value = '{transducer}'")
    page.fill("input[type=number]", "3")
    page.click("button[type=submit]")
    assert page.run("document.querySelector('form') !== null"), "without consent nothing begins"
    page.click("input[type=checkbox]")
    page.click("button[type=submit]")


def set_volume(page):
    """Music comes before the first noise."""
    heading_is(page, "Volume")
    assert page.run("document.querySelector('.next').disabled"), "first listen"
    page.click("main > button")
    page.until("Listen.running.player.playing")
    go_on(page)


def check_headphones(page):
    for number in range(1, 7):
        heading_is(page, f"Headphones, {number} of 6")
        assert page.run("document.querySelector('.row button').disabled"), "first listen"
        page.click("main > button")
        page.click(".row button")


def rate(page, place, score):
    """Hear stimulus `place` and rate it, by keyboard alone; `score` is a multiple of 10."""
    page.key(STIMULUS_KEYS[place])
    page.until(f"Listen.running.player.current === {place + 1} && Listen.running.player.playing")
    page.until(f"document.activeElement === {PAGE}.sliders[{place}]")
    enabled = page.run(f"{PAGE}.sliders.map((slider) => !slider.disabled)")
    assert [n for n, on in enumerate(enabled) if on] == [place], "only what is heard is rated"
    page.key("End" if score == 100 else "Home")
    for _ in range(score // 10 % 10):
        page.key("PageUp")
    page.until(f"{PAGE}.ratings[{place}].played_ms >= Listen.ENOUGH")
    page.until(f"{PAGE}.ratings[{place}].score === {score}")


def rate_open(page, score, most=12):
    """Rate what is not rated yet, at most so many; all ratings by stimulus."""
    trial, order = shown(page)
    scores = page.run(f"{PAGE}.ratings.map((rating) => rating.score)")
    for place in [n for n, given in enumerate(scores) if given is None][:most]:
        assert page.run("document.querySelector('.next').disabled"), "locked until all is rated"
        rate(page, place, score(order[place]))
    return trial, {name: score(name) for name in order}


def train_mushra(page):
    go_on(page)
    for _ in range(2):
        rate_open(page, lambda _: 50)
        go_on(page)
        page.until("document.querySelectorAll('tbody tr').length === 4")
        go_on(page)


def mushra_trials(page, count, score, before):
    """All trials; `before(number)` is called with each on the page. Ratings by trial."""
    meant = {}
    for number in range(1, count + 1):
        title = f"{number} of {count}"
        page.until(f"document.querySelector('h1').textContent.match(/^{title}|^The question/)")
        if page.run("document.querySelector('h1').textContent") != title:
            go_on(page)
        heading_is(page, title)
        shown(page)
        before(number)
        trial, ratings = rate_open(page, score)
        meant[trial] = ratings
        go_on(page)
    return meant


def reload_in_the_middle(page, score):
    """Rate two stimuli, reload, and find them as they were."""
    ratings = f"{PAGE}.ratings.slice(0, 2).map((rating) => [rating.score, rating.plays])"
    said = f"{PAGE}.sliders.slice(0, 3).map((slider) => slider.getAttribute('aria-valuetext'))"
    rate_open(page, score, most=2)
    trial, given = shown(page), page.run(ratings)
    page.reload()
    assert shown(page) == trial, "the same trial in the same order"
    assert page.run(ratings) == given
    assert page.run("document.querySelector('.next').disabled")
    assert page.run(said) == [str(given[0][0]), str(given[1][0]), "not rated yet"]


def answer_clip(page, quality, contamination):
    """Answer both questions by mouse, hear the clip as a whole."""
    page.click(f"input[name=quality][value='{quality}']")
    page.click(f"input[name=contamination][value='{contamination}']")
    assert page.run("document.querySelector('.next').disabled"), "locked until heard as a whole"
    page.click(".play")
    page.until(f"{PAGE}.complete")


def train_mos(page, count):
    go_on(page)
    for _ in range(count):
        shown(page)
        answer_clip(page, 3, 3)
        go_on(page)
        page.until("document.querySelectorAll('tbody tr').length === 2")
        go_on(page)
    heading_is(page, "The test")
    go_on(page)


def mos_trials(page, count, before):
    """All clips; `before(number)` is called with each on the page. Answers by stimulus."""
    meant = {}
    for number in range(1, count + 1):
        heading_is(page, f"{number} of {count}")
        _, (name,) = shown(page)
        before(number)
        answer_clip(page, number, 6 - number)
        meant[name] = {"quality": number, "contamination": 6 - number}
        go_on(page)
    return meant


def finish(page, comment):
    heading_is(page, "Thank you")
    page.fill("textarea", comment)
    go_on(page)
    heading_is(page, "Done")
