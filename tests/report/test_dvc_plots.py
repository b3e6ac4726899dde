"""`dvc plots show` and `diff` in a real browser: a line a variant, a bar a system, each once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import vl_convert

from hdemucs.report.build import Places, build
from tests.listening.browser import chromium, executable

from .conftest import CONFIG, MODELS, SOURCES

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@localhost")
BOUNDS = ("mixture-quarter", "static-wiener", "irm-power")
# What Vega drew: paths of lines, and of bars that are not empty.
LINES = "document.querySelectorAll('.mark-line path').length"
COLOURS = """new Set([...document.querySelectorAll('.mark-line path')]
    .map(path => path.getAttribute('stroke'))).size"""
BARS = """[...document.querySelectorAll('.mark-rect path')].map(path => {
    const box = path.getBoundingClientRect();
    return [Math.round(box.x), Math.round(box.y), Math.round(box.width)];
})"""


@pytest.fixture(scope="module")
def pages(study, tmp_path_factory):
    """A repository with nothing but the plots of dvc.yaml, shown and compared with HEAD."""
    root = tmp_path_factory.mktemp("plots")
    build(CONFIG, Places.of(study), root / "reports")
    figures = root / "reports" / "figures"
    shutil.copy(figures / "sdr.png", figures / "data.png")  # of the songs; the stage draws it
    whole = (ROOT / "dvc.yaml").read_text()
    (root / "dvc.yaml").write_text(whole[whole.index("\nplots:") : whole.index("\nartifacts:")])

    def run(*command):
        subprocess.run(command, cwd=root, check=True, capture_output=True)

    run("git", "init", "-q")
    run(BIN / "dvc", "init", "-q")
    shutil.copytree(ROOT / ".dvc" / "plots", root / ".dvc" / "plots")
    run("git", "add", "-A")
    run("git", *IDENTITY, "commit", "-qm", "a report")
    for name in ("sdr", "curves"):
        table = root / "reports" / "tables" / f"{name}.csv"
        table.write_text(re.sub(r"(?m)\.(\d)", r".9\1", table.read_text()))
    run(BIN / "dvc", "plots", "show", "-o", "shown")
    run(BIN / "dvc", "plots", "diff", "HEAD", "-o", "compared")
    return root


def offline(page):
    """DVC loads Vega from a content delivery network; here it is in the page, drawing SVG."""
    bundle = vl_convert.javascript_bundle(
        "window.vegaEmbed = (id, spec) => vegaEmbed(id, spec, {renderer: 'svg'});"
    )
    text = re.sub(r'<script src="https://cdn[^>]*></script>', "", page.read_text())
    text = text.replace('<script type = "text/javascript">', '<script type="module">')
    bundle = bundle.replace("</script", "<\\/script")
    script = f'<script type="module">{bundle}</script>'
    changed = page.with_name("offline.html")
    changed.write_text(text.replace("<title>", f"{script}<title>", 1))
    return changed


@pytest.fixture(scope="module")
def drawn(pages, tmp_path_factory):
    """Both pages as the browser has them: counts of lines, their colours, and the bars."""
    if executable() is None:
        pytest.skip("no Chromium here")
    found = {}
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        for name in ("shown", "compared"):
            page = browser.page(offline(pages / name / "index.html").as_uri())
            page.until("document.querySelectorAll('.mark-rect path').length > 0")
            page.until(f"{LINES} > 0")
            found[name] = (page.run(LINES), page.run(COLOURS), page.run(BARS))
            page.screenshot(pages / f"{name}.png")
        assert browser.problems == []
    return found


def test_a_line_a_variant_and_another_a_revision(drawn):
    assert drawn["shown"][:2] == (len(MODELS), len(MODELS))
    assert drawn["compared"][:2] == (2 * len(MODELS), len(MODELS))


def test_a_bar_a_system_and_source_none_upon_another(drawn):
    systems, columns = len(MODELS) + len(BOUNDS), 1 + len(SOURCES)
    for name, revisions in {"shown": 1, "compared": 2}.items():
        bars = drawn[name][2]
        assert len(bars) == revisions * systems * columns, name
        assert len({x for x, _, _ in bars}) == systems * columns, name


def test_each_figure_is_there_once(pages):
    text = (pages / "shown" / "index.html").read_text()
    pictures = re.findall(r'<img src="([^"]+)"', text)
    assert len(pictures) == len(set(pictures))
    assert all(name.endswith(".png") for name in pictures)
    made = {path.stem for path in (pages / "reports" / "figures").glob("*.png")}
    assert {re.search(r"figures_(\w+)\.png", name)[1] for name in pictures} == made
