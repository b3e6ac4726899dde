"""The demo page plays everything by name, from disk, and switches at the same moment."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.listening.demo.build import demo
from hdemucs.metrics.one_source import nsdr_of_one
from tests.listening.browser import chromium, executable
from tests.listening.family import SOURCES, SYSTEMS, listening_config, tree


@pytest.fixture(scope="module")
def site(material, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo"
    demo(listening_config(), material, folder)
    return folder


@pytest.fixture(scope="module")
def content(site):
    text = (site / "data.js").read_text()
    return json.loads(text.removeprefix("Listen.demo = ").removesuffix(";\n"))


def test_every_source_has_excerpts_with_everything_in_them(site, content, material):
    assert [excerpt["source"] for excerpt in content["excerpts"]] == list(SOURCES)
    for excerpt in content["excerpts"]:
        names = [player["name"] for player in excerpt["players"]]
        assert names == ["Mixture", "Reference", *SYSTEMS]
        assert all((site / player["image"]).stat().st_size > 0 for player in excerpt["players"])
        assert (site / "sounds" / f"{excerpt['id']}.js").exists()
        own = next(e for e in material.excerpts.excerpts if e.id == excerpt["id"])
        made = material.estimates(own, SYSTEMS)["wombat"]
        scores = {player["name"]: player["nsdr"] for player in excerpt["players"]}
        wanted = nsdr_of_one(material.material(own).target, made)
        assert scores["wombat"] == pytest.approx(wanted, abs=0.06)
        assert scores["Reference"] is None


def test_it_needs_nothing_from_elsewhere_and_is_the_same_again(site, material, tmp_path):
    for path in [*site.glob("*.html"), *site.glob("*.js"), *site.glob("*.css")]:
        assert "http" not in path.read_text().replace("https://example", "")
    demo(listening_config(), material, tmp_path / "demo")
    assert tree(tmp_path / "demo") == tree(site)


def test_two_sources_in_mono(material, tmp_path):
    """Nothing counts on four sources or two channels."""
    found = tree(tmp_path)
    assert found == {}
    mono = replace(material.manifest, channels=1, sources=("drums", "vocals"))
    wanted = [e for e in material.excerpts.excerpts if e.source in mono.sources]
    inputs = replace(
        material, manifest=mono, root=tmp_path / "data", samples=tmp_path / "samples",
        excerpts=replace(material.excerpts, sources=mono.sources, excerpts=tuple(wanted)),
    )  # fmt: skip
    for folder in ("root", "samples"):
        for path in getattr(material, folder).rglob("*.wav"):
            place = getattr(inputs, folder) / path.relative_to(getattr(material, folder))
            audio.write(place, audio.read(path)[:1], mono.sample_rate, bits=24)
    demo(listening_config(), inputs, tmp_path / "demo")
    assert len(list((tmp_path / "demo" / "sounds").iterdir())) == 2


@pytest.mark.skipif(executable() is None, reason="needs Chromium: tests/system.sh chromium")
def test_it_plays_from_disk_and_switches_in_place(site, tmp_path):
    with chromium(tmp_path / "profile") as browser:
        page = browser.page(f"file://{site}/index.html")
        page.until("document.querySelectorAll('.player').length === 16")
        page.click("section section .player:nth-child(2)")
        page.until("Listen.running.player.playing && Listen.running.player.position > 0.3")
        before, began = page.run("[Listen.running.player.position, Listen.running.player.began]")
        page.key("3")
        page.until("Listen.running.player.current === 2")
        after = page.run("[Listen.running.player.position, Listen.running.player.began]")
        assert after[1] == began, "the same clock: all sounds of the excerpt run in step"
        assert 0 <= after[0] - before < 2
        pressed = "document.querySelector('.player[aria-pressed=true] b').textContent"
        assert page.run(pressed).endswith(SYSTEMS[0])
        page.key("3")
        page.until("!Listen.running.player.playing")
        peaks = page.run(
            "Listen.running.player.whole.map((b) => Math.max(...b.getChannelData(0).map(Math.abs)))"
        )
        assert len(peaks) == 4
        assert np.all(np.array(peaks) > 0.01), "every sound is one"
        page.resize(390, 800, mobile=True)
        wide = "document.documentElement.scrollWidth <= window.innerWidth"
        assert page.run(wide), "a phone need not scroll sideways"
        assert browser.problems == []
