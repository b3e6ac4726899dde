"""A study that is run: published round by round, and gone on with after any kind of end."""

import shutil
import sys

import pytest
from ruamel.yaml import YAML

from tests.pipeline.conftest import TINY, checkout

STUDY = (sys.executable, "-m", "hdemucs.cli", "study")  # the checkout's own code
NAMES = ["waveform", "waveform_s43"]
PLACE = "reports/studies/tiny"
ASKED = {
    "title": "A tiny study",
    "scale": "quick",
    "changes": {"evaluate": {"oracles": {"names": ["mixture", "static-wiener"]}}},
    "variants": ["waveform"],
    "seeds": [43],
    "budget": {"kind": "steps", "steps": 1, "epochs": 1},
    "shows": ["systems"],
    "says": "What it says.",
    "reasons": {},
}


def tiny(params):
    params["scales"]["quick"] = TINY
    params["study"] = ["waveform"]
    params["variants"] = {"waveform": params["variants"]["waveform"]}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Run once to its end."""
    copy = checkout(tmp_path_factory.mktemp("studies") / "checkout", tiny)
    (copy.root / PLACE).mkdir(parents=True)
    YAML(typ="safe").dump(ASKED, copy.root / PLACE / "study.yaml")
    copy.said = copy.run(*STUDY, "tiny").stdout
    return copy


def kept(study):
    """What a clone would have."""
    files = [path for path in (study.root / PLACE).rglob("*") if path.is_file()]
    return {path.relative_to(study.root).as_posix(): path.read_bytes() for path in files}


def scored(study):
    """When each system was scored, by system."""
    folder = study.root / "runs/studies/tiny/reports/scores"
    return {path.name: (path / "summary.json").stat().st_mtime_ns for path in folder.glob("*/")}


def test_a_round_is_published_for_each_training(study):
    assert sorted(scored(study)) == NAMES
    assert study.said.count(f"{PLACE}/README.md") == 1
    lines = (study.root / PLACE / "README.md").read_text().splitlines()
    [row] = [line for line in lines if line.startswith("| waveform")]
    assert row.split("|")[3].strip() == str(len(NAMES))


def test_started_again_it_does_what_is_missing_and_nothing_else(study):
    """It begins with the last round: an earlier one would delete the later ones' scores."""
    before, when = kept(study), scored(study)
    shutil.rmtree(study.root / "runs/studies/tiny/reports/scores" / NAMES[0])
    study.run(*STUDY, "tiny")
    assert kept(study) == before
    assert [name for name, at in scored(study).items() if at != when[name]] == NAMES[:1]


def test_pages_are_not_made_of_a_part_of_the_scores(study):
    gone = study.root / PLACE / "scores" / NAMES[1]
    moved = gone.rename(study.root / "moved")
    said = study.run(*STUDY, "tiny", "--pages", check=False)
    moved.rename(gone)
    assert said.returncode == 1
    [line] = said.stderr.splitlines()
    assert f"lacks the scores of {NAMES[1]}" in line and "hdemucs study tiny" in line
