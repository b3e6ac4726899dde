"""The page: one file that needs nothing beside it, on a desk, on a phone and in print."""

import re
import shutil
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag

import pytest

from hdemucs.report.build import Places, build
from tests.listening.browser import chromium, executable

from .conftest import CONFIG

ENOUGH = 10 * 2**20  # bytes: what an editor still takes as an attachment
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
PICTURES = "[...document.images].map(image => image.complete && image.naturalWidth > 0)"
OPEN = """[...document.querySelectorAll('details')].every(details =>
    getComputedStyle(details, '::details-content').contentVisibility === 'visible')"""


@pytest.fixture(scope="module")
def report(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("page")
    build(CONFIG, Places.of(study), out)
    return out


class Addresses(HTMLParser):
    """What a page refers to, and the places in it that others may refer to."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.places = [], set()
        self.feed(text)

    def handle_starttag(self, _tag, attributes):
        found = dict(attributes)
        self.targets += [found[name] for name in ("href", "src") if name in found]
        self.places |= {found["id"]} if "id" in found else set()


def crawled(start):
    """Every page that can be reached from one, by path; every address on the way must lead on."""
    waiting, pages = [start.resolve()], {}
    while waiting:
        path = waiting.pop()
        if path not in pages:
            pages[path] = Addresses(path.read_text())
            targets = [t for t in pages[path].targets if not t.startswith("data:")]
            waiting += [other for t in targets if (other := led_to(path, t)).suffix == ".html"]
    return {path.name for path in pages}


def led_to(path, target):
    """The file that a page's address leads to, and the place in it is there."""
    assert not re.match(r"[a-z]+:|//", target), f"{path.name}: {target} needs a network"
    address, place = urldefrag(target)
    other = (path.parent / unquote(address)).resolve() if address else path
    assert other.is_file(), f"{path.name}: {target} leads nowhere"
    known = not place or place in Addresses(other.read_text()).places
    assert known, f"{path.name}: {target} leads to no place"
    return other


def test_every_link_of_the_folder_leads_somewhere(report):
    assert crawled(report / "reproduction.html") == {"reproduction.html", "index.html"}


def test_the_page_alone_has_all_it_refers_to(report, tmp_path):
    shutil.copy(report / "index.html", tmp_path)
    assert crawled(tmp_path / "index.html") == {"index.html"}
    text = (tmp_path / "index.html").read_text()
    assert len(text) < ENOUGH
    kept = set(re.findall(r'download="([^"]+)"', text))
    tables = {path.name for path in (report / "tables").glob("*.tex")}
    assert {name for name in kept if name.endswith(".tex")} == tables - {"reproduction.tex"}


def test_the_first_screen_has_the_verdict_the_table_and_a_figure(report):
    page = (report / "index.html").read_text()
    order = ["claims:", "Of the paper's numbers", 'id="ablation"', 'id="figure-sdr"', "<details>"]
    places = [page.replace("&#39;", "'").index(text) for text in order[:4]]
    assert places == sorted(places)
    assert page.index('id="figure-sdr"') < page.index('id="claims-section"')


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    if executable() is None:
        pytest.skip("no Chromium here")
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        shown = browser.page((report / "index.html").as_uri())
        yield shown
        assert browser.problems == []


@pytest.mark.parametrize(("width", "mobile"), [(1280, False), (390, True)])
def test_it_fits_a_desk_and_a_phone(page, width, mobile):
    page.send(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
        mobile=mobile,
    )  # fmt: skip
    assert not page.run(WIDE)
    shown = page.run(PICTURES)
    assert len(shown) >= 4 and all(shown)


def test_in_print_all_that_is_folded_is_there(page):
    page.send("Emulation.setEmulatedMedia", media="screen")
    assert not page.run(OPEN)
    page.send("Emulation.setEmulatedMedia", media="print")
    assert page.run(OPEN)
