"""A run is what decides its weights, and nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hdemucs.errors import UserError
from hdemucs.runs.identity import code_digests
from tests.toy import PROJECT, Toy


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Toy:
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def training(toy):
    """The file that decides the weights, restored afterwards."""
    path = toy.root / "hdemucs/training/__main__.py"
    before = path.read_text()
    yield path
    path.write_text(before)


def key(toy: Toy) -> str:
    return toy.here.identity("a").key


def test_comments_docstrings_and_layout_are_not_part_of_it(toy, training):
    before = key(toy)
    text = training.read_text().replace('"""Stands', '"""(Edited.) Stands')
    training.write_text("# a comment\n" + text.replace("state = run", "state  =  run"))
    assert key(toy) == before


def test_what_the_code_does_is_part_of_it(toy, training):
    before = toy.here.identity("a")
    training.write_text(training.read_text().replace("1 / epoch", "2 / epoch"))
    after = toy.here.identity("a")
    assert after.key != before.key
    assert after.difference(before) == "hdemucs/training/__main__.py"


def test_code_that_training_imports_is_part_of_it_and_other_code_is_not(toy):
    before = key(toy)
    launcher = toy.root / "hdemucs/runs/local.py"
    launcher.write_text(launcher.read_text() + "\nX = 1\n")
    toy.cluster(executor="slurm")
    assert key(toy) == before
    imported = toy.root / "hdemucs/files.py"
    imported.write_text(imported.read_text() + "\nX = 1\n")
    assert key(toy) != before


def test_configuration_and_data_are_part_of_it_and_their_layout_is_not(toy):
    path, before = toy.here.config("b"), toy.here.identity("b").key
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items()))))
    assert toy.here.identity("b").key == before
    toy.variant("b", epochs=99)
    changed = toy.here.identity("b").key
    assert changed != before
    manifest = json.loads(toy.here.manifest.read_text())
    toy.here.manifest.write_text(json.dumps({**manifest, "name": "other"}))
    assert toy.here.identity("b").key not in {before, changed}
    toy.here.manifest.write_text(json.dumps(manifest))


def test_a_finished_model_that_training_starts_from_is_part_of_it(toy):
    before = toy.here.identity("c").key
    shutil.copyfile(toy.here.manifest, toy.root / "data/automix.json")
    toy.variant("c", start_from={"variant": "a", "config": "0" * 64})
    with pytest.raises(UserError, match=r"models/a: is not trained yet; run `dvc repro train@a`"):
        toy.here.identity("c")
    model = toy.run("a").folder
    (model / "DONE.json").write_text("{}")
    (model / "model.json").write_text("{}")
    (model / "model.safetensors").write_text("first")
    first = toy.here.identity("c").key
    (model / "model.safetensors").write_text("second")
    assert len({before, first, toy.here.identity("c").key}) == 3
    assert (toy.run("c").folder / "start/model.safetensors").read_text() == "second"
    shutil.rmtree(model)


def test_code_that_is_no_python_is_refused_by_line(toy, training):
    training.write_text("a = 1\nb = (\n")
    with pytest.raises(UserError, match=r"__main__\.py: line 2 is no Python"):
        key(toy)


def test_the_closure_holds_all_that_training_imports():
    """Of the real training: what a process really loads is part of the identity."""
    said = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    loaded = {Path(path).relative_to(PROJECT).as_posix() for path in said}
    closure = code_digests(PROJECT)
    assert "hdemucs/training/__main__.py" in loaded
    assert loaded <= closure.keys()
    launcher = ("hdemucs/runs/", "hdemucs/config/cluster.py", "stages/")
    assert not any(path.startswith(launcher) for path in closure)


LOADED = """
import sys, hdemucs.training.__main__
for name, module in sys.modules.items():
    if name.split(".")[0] == "hdemucs" and module.__file__:
        print(module.__file__)
"""
