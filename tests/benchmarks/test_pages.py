"""Every page of reports/benchmarks/ is made by the command that it names."""

import argparse
import shutil
from pathlib import Path

import pytest

from hdemucs.benchmarks.pages import BENCHMARKS, FOLDER
from hdemucs.cli import main

ROOT = Path(__file__).parents[2]


MADE = sorted(name for name, one in BENCHMARKS.items() if not one.gpu or (ROOT / one.page).exists())


@pytest.mark.parametrize("name", MADE)
def test_a_committed_page_names_its_command(name):
    one = BENCHMARKS[name]
    own = argparse.ArgumentParser()
    one.arguments(own)
    own.parse_args([])
    text = (ROOT / one.page).read_text()
    assert f"hdemucs bench {name}" in text


def test_no_page_without_a_command():
    assert {path.stem for path in (ROOT / FOLDER).glob("*.md")} == set(MADE)


def test_a_page_is_made_where_one_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["bench", "metrics", "--seconds", "4"])
    page = tmp_path / FOLDER / "metrics.md"
    assert capsys.readouterr().out.strip().endswith("metrics.md")
    assert "largest difference to museval" in page.read_text()


def test_loaders_take_turns_and_the_page_has_them_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["bench", "loaders", "--songs", "1", "--batch", "4", "--rounds", "1"]
    if not shutil.which("ffmpeg"):
        with pytest.raises(SystemExit):
            main(asked)
        pytest.skip("the official loader needs ffmpeg")
    main(asked)
    text = (tmp_path / FOLDER / "loaders.md").read_text()
    for loader in ("ours, augmented", "ours, reading and repitch", "official, augmented"):
        assert f"| {loader} |" in text
