"""What a stage's code is: complete by construction, and no more than decides its outputs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hdemucs.errors import UserError
from hdemucs.study.code import LAUNCHER, TRAINING, Program, digests, of_variant, stages
from hdemucs.study.effective import configurations
from hdemucs.study.params import read_params
from hdemucs.study.source import Source

PROJECT = Path(__file__).parents[2]
PARAMS = read_params(PROJECT / "params.yaml")
CONFIGS = configurations(PARAMS)


@pytest.fixture(scope="module")
def found():
    """configs/code/ of the project."""
    return digests(PARAMS["study"], CONFIGS, PROJECT)


@pytest.fixture(scope="module")
def loaded():
    """Entry -> the project's files that importing it really loads."""
    entries = [entry_of(stage) for stage in stages(PROJECT)]
    asked = [sys.executable, "-c", LOADED, *entries]
    said = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=True)
    lines = [line.split(" ", 1) for line in said.stdout.splitlines()]
    paths = [(entry, Path(path).relative_to(PROJECT).as_posix()) for entry, path in lines]
    return {entry: {path for other, path in paths if other == entry} for entry in entries}


# A process an entry, forked from one that has imported what is not ours and takes seconds.
LOADED = """
import os, sys
from importlib import import_module
import matplotlib.pyplot, pandas, scipy.signal, statsmodels.api, torch, torchaudio
for entry in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    import_module(entry)
    for name, module in sys.modules.items():
        if name.split(".")[0] in ("hdemucs", "stages") and getattr(module, "__file__", None):
            print(entry, module.__file__)
    break
"""


def entry_of(stage):
    return TRAINING if stage == "train" else f"stages.{stage}"


@pytest.fixture(scope="module")
def launcher():
    """What launches or finds unfinished work, and what that imports in its turn."""
    names = ("songs", "dispatch", "unfinished")
    return Program(tuple(f"{LAUNCHER}.{name}" for name in names)).digests(PROJECT).keys()


@pytest.mark.parametrize("stage", stages(PROJECT))
def test_all_that_a_stage_imports_is_its_code(found, loaded, launcher, stage):
    """But for what launches jobs, and what that alone imports."""
    ours = [files for path, files in found.items() if Path(path).parts[0].split(".")[0] == stage]
    assert ours
    assert loaded[entry_of(stage)]
    for files in ours:
        assert loaded[entry_of(stage)] - launcher <= files.keys()
        assert not any(path.startswith("hdemucs/runs/") for path in files)


def test_a_trainings_code_is_all_that_its_process_loads_and_nothing_that_launches_it(found, loaded):
    code = found["train/hybrid.json"].keys()
    assert loaded[TRAINING] <= code
    assert not any(path.startswith(("stages/", "hdemucs/runs/")) for path in code)
    assert "hdemucs/config/cluster.py" not in code


# What was missing from lists that were kept by hand.
@pytest.mark.parametrize(
    ("stage", "path"),
    [
        ("excerpts.json", "hdemucs/loudness.py"),
        ("evaluate/hybrid.json", "hdemucs/audio.py"),
        ("oracles.json", "hdemucs/audio.py"),
        ("report.json", "hdemucs/datasets/errata.py"),
        ("report.json", "hdemucs/datasets/remarks.py"),
        ("report.json", "hdemucs/metrics/museval_json.py"),
        ("report.json", "hdemucs/report/page.html.j2"),
        ("report.json", "hdemucs/report/published.csv"),
        ("automix.json", "hdemucs/data/segments.py"),
        ("automix.json", "hdemucs/audio.py"),
        ("ratings.json", "hdemucs/config/listening.py"),
        ("ratings.json", "hdemucs/listening/analysis/mos.csv"),
        ("listening.json", "hdemucs/listening/page/app.css"),
        ("listening.json", "hdemucs/listening/publish/templates/design.md"),
        ("fetch.json", "hdemucs/datasets/own.py"),
    ],
)
def test_what_a_stage_needs_far_away_is_its_code(found, stage, path):
    assert path in found[stage]


def test_every_file_that_is_no_python_is_somebodys(found):
    """None is read in a way that escapes: a module names what it reads."""
    reached = set().union(*(files.keys() for files in found.values()))
    others = {name for name in Source(PROJECT).files if not name.endswith(".py")}
    resolved = {"hdemucs/study/released.toml"}  # read by `resolve`, which depends on its folder
    commands = {"hdemucs/listening/analysis/archive.md"}  # read by `hdemucs listen archive`
    documents = {"hdemucs/FORMATS.md", "hdemucs/MAP.md"}
    assert others - reached - resolved - commands == {*documents, "hdemucs/parts.toml"}


def test_every_stage_and_variant_has_its_file(found):
    names = {f"{stage}/{name}" for stage in ("train", "evaluate", "separate") for name in
             PARAMS["study"]}  # fmt: skip
    once = {"automix", "excerpts", "fetch", "listening", "oracles", "ratings", "report"}
    assert {path.removesuffix(".json") for path in found} == names | once


@pytest.fixture
def tree(tmp_path):
    """A small project."""
    for name, text in {
        "stages/__init__.py": "",
        "stages/one.py": "from hdemucs import b\nimport hdemucs.runs.far",
        "hdemucs/__init__.py": "",
        "hdemucs/a.py": "",
        "hdemucs/b/__init__.py": "def f():\n    from .c import d",
        "hdemucs/b/c.py": "PAGE = place / 'page.html'\nPAGES = place.parents[1] / 'pages'",
        "hdemucs/b/page.html": "a page",
        "hdemucs/b/other.html": "not named",
        "hdemucs/pages/deep/one.txt": "text",
        "hdemucs/runs/__init__.py": "",
        "hdemucs/runs/far.py": "import hdemucs.a",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_imports_and_names_of_files_are_followed_anywhere_but_into_what_is_left_out(tree):
    files = Program(("stages.one",), (LAUNCHER,)).digests(tree)
    assert list(files) == [
        "hdemucs/__init__.py", "hdemucs/b/__init__.py", "hdemucs/b/c.py", "hdemucs/b/page.html",
        "hdemucs/pages/deep/one.txt", "stages/__init__.py", "stages/one.py",
    ]  # fmt: skip
    assert "hdemucs/a.py" in Program(("stages.one",)).digests(tree)


def test_a_file_that_a_module_names_counts_by_its_bytes(tree):
    before = Program(("stages.one",)).digests(tree)
    (tree / "hdemucs/b/page.html").write_text("another page")
    after = Program(("stages.one",)).digests(tree)
    assert [name for name in after if after[name] != before[name]] == ["hdemucs/b/page.html"]


def test_an_entry_that_is_not_there_is_refused(tree):
    with pytest.raises(UserError, match=r"stages/none: is missing; run from the project's root"):
        Program(("stages.none",)).digests(tree)


def test_a_bags_code_holds_its_members_families():
    """Whatever they are; a member's configuration is what it names."""
    configs = json.loads(json.dumps(CONFIGS))
    configs["train/bag.json"] = {"kind": "ensemble", "members": {"hybrid": {}, "waveform": {}}}
    configs["separation/bag.json"] = {}
    of_bag = of_variant("separate", "bag", configs.get).digests(PROJECT).keys()
    for member in ("hybrid", "waveform"):
        assert of_variant("separate", member, configs.get).digests(PROJECT).keys() <= of_bag
