"""A run is what decides its weights, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hdemucs.errors import UserError
from hdemucs.files import read_json
from hdemucs.runs.identity import Identity
from hdemucs.versions import versions
from tests.runs.keys import golden, parts
from tests.toy import Toy


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Toy:
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def edited(toy) -> Iterator[Toy]:
    """The toy, whose files come back afterwards."""
    before = {path: path.read_bytes() for path in toy.root.rglob("*") if path.is_file()}
    yield toy
    for path in [path for path in toy.root.rglob("*") if path.is_file()]:
        if path in before:
            path.write_bytes(before[path])
        else:
            path.unlink()


def key(toy: Toy, name: str = "a") -> str:
    return toy.here.identity(name).key


def test_comments_docstrings_and_layout_are_not_part_of_it(edited):
    before, training = key(edited), edited.root / "hdemucs/training/__main__.py"
    text = training.read_text().replace('"""Stands', '"""(Edited.) Stands')
    training.write_text("# a comment\n" + text.replace("state = run", "state  =  run"))
    assert key(edited) == before


def test_what_the_code_does_is_part_of_it(edited):
    before, training = edited.here.identity("a"), edited.root / "hdemucs/training/__main__.py"
    training.write_text(training.read_text().replace("1 / epoch", "2 / epoch"))
    after = edited.here.identity("a")
    assert after.key != before.key
    assert after.difference(before) == "hdemucs/training/__main__.py"


def test_code_that_training_imports_is_part_of_it_and_other_code_is_not(edited):
    before = key(edited)
    for name in ("hdemucs/runs/local.py", "stages/report.py", "hdemucs/metrics/sdr.py"):
        append(edited.root / name, "X = 1")
    edited.cluster(executor="slurm")
    assert key(edited) == before
    append(edited.root / "hdemucs/files.py", "X = 1")
    assert key(edited) != before


def test_a_new_family_and_a_new_objective_re_key_nobody(edited):
    """Three places: a module, a line in the registry, lines in params.yaml."""
    before = keys_by_its_own_code(edited)
    assert before == {name: key(edited, name) for name in "abc"}
    registry = edited.root / "hdemucs/parts.toml"
    for place in ("model", "objective"):
        (edited.root / f"hdemucs/models/dummy_{place}.py").write_text("OBJECT = 1\n")
        line = f'[{place}]\ndummy = "hdemucs.models.dummy_{place}:OBJECT"\n'
        text = registry.read_text()
        known = f"[{place}]\n" in text
        registry.write_text(text.replace(f"[{place}]\n", line) if known else f"{text}\n{line}")
    assert keys_by_its_own_code(edited) == before
    assert "dummy" in str(tomllib.loads(registry.read_text()))


def test_the_family_that_a_variant_chooses_is_part_of_it(edited):
    """And the files that it imports, which the training core need not."""
    chosen = "hdemucs/models/demucs/separator.py"
    assert chosen in edited.here.identity("a").code
    before = key(edited)
    append(edited.root / chosen, "X = 1")
    assert key(edited) != before


def test_configuration_and_data_are_part_of_it_and_their_layout_is_not(edited):
    path, before = edited.here.config("b"), key(edited, "b")
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items()))))
    assert key(edited, "b") == before
    edited.variant("b", epochs=99)
    changed = key(edited, "b")
    assert changed != before
    manifest = json.loads(edited.here.manifest.read_text())
    edited.here.manifest.write_text(json.dumps({**manifest, "sample_rate": 8000}))
    assert key(edited, "b") not in {before, changed}


@pytest.mark.parametrize(("split", "decides"), [("train", True), ("valid", True), ("test", False)])
def test_songs_that_are_only_tested_on_are_not_part_of_it(edited, split, decides):
    """More test songs retrain nothing; more training or validation songs are another run."""
    before = key(edited, "b")
    manifest = json.loads(edited.here.manifest.read_text())
    files = {"drums": {"path": "x.wav", "sha256": "f" * 64}}
    track = {"name": "x", "split": split, "frames": 9, "mean": 0.0, "std": 1.0, "files": files}
    edited.here.manifest.write_text(json.dumps({**manifest, "tracks": [track], "name": "more"}))
    assert (key(edited, "b") != before) is decides


@pytest.mark.parametrize(
    ("part", "value"),
    [("workers", 7), ("checkpoint_every", 3), ("guard", {"loss": 9.0})],
)
def test_how_the_work_is_done_is_not_part_of_it_and_is_obeyed_by_a_run_that_goes_on(
    edited, part, value
):
    run = edited.run("a")
    if isinstance(value, dict):
        value = read_json(run.folder / "config.json", "")["training"][part] | value
    edited.variant("a", **{part: value})
    assert edited.run("a") == run
    assert read_json(run.folder / "config.json", "")["training"][part] == value
    shutil.rmtree(run.folder)


@pytest.mark.parametrize(
    ("part", "value"), [("threads", 2), ("validate_every", 2), ("bf16", True), ("compile", True)]
)
def test_what_sums_and_choices_depend_on_is_part_of_it(edited, part, value):
    before = key(edited)
    edited.variant("a", **{part: value})
    assert key(edited) != before


def test_a_finished_model_that_training_starts_from_is_part_of_it(edited):
    before = key(edited, "c")
    shutil.copyfile(edited.here.manifest, edited.root / "data/automix.json")
    edited.variant("c", start_from={"variant": "a", "config": "0" * 64})
    with pytest.raises(UserError, match=r"models/a: is not trained yet; run `dvc repro train@a`"):
        edited.here.identity("c")
    model = edited.run("a").folder
    (model / "DONE.json").write_text("{}")
    (model / "model.json").write_text("{}")
    (model / "model.safetensors").write_text("first")
    first = key(edited, "c")
    (model / "model.safetensors").write_text("second")
    assert len({before, first, key(edited, "c")}) == 3
    assert (edited.run("c").folder / "start/model.safetensors").read_text() == "second"


def test_a_key_is_made_of_its_parts_as_it_always_was():
    """Made when this was written; another value would orphan every finished run."""
    identity = Identity("a", "c" * 64, "d" * 64, {"a.py": "1" * 64, "b.py": "2" * 64}, None)
    assert identity.run == "a-5f68284fe6909985"
    tuned = Identity("a", "c" * 64, "d" * 64, {"a.py": "1" * 64, "b.py": "2" * 64}, "e" * 64)
    assert tuned.run == "a-aff5e3bf219a1e11"


def test_a_run_of_another_torch_is_told_of_and_taken(tmp_path):
    toy = Toy(tmp_path)
    assert "torch" not in toy.train("a")
    done = toy.run("a").folder / "DONE.json"
    facts = json.loads(done.read_text())
    done.write_text(json.dumps({**facts, "versions": {**facts["versions"], "torch": "1.0"}}))
    told = f"{toy.run('a').name}: was trained under torch 1.0; here is torch {versions()['torch']}"
    assert told in toy.train("a")
    toy.close()


def test_nobody_re_keys_in_silence():
    """Every finished run is another one afterwards: `tests/runs/keys.py` says how to mean it."""
    now, before = parts(), golden()
    assert now["config"] == before["config"]
    assert now["code"] == before["code"]


def keys_by_its_own_code(toy: Toy) -> dict[str, str]:
    """The toy's keys as a process of its own finds them, with its own registry."""
    environment = {**os.environ, "PYTHONPATH": str(toy.root)}
    asked = [sys.executable, "-c", KEYS]
    said = subprocess.run(
        asked, cwd=toy.root, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout)


KEYS = """
import json, pathlib
from hdemucs.runs.workspace import Workspace
here = Workspace(pathlib.Path.cwd())
print(json.dumps({name: here.identity(name).key for name in "abc"}))
"""


def append(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text()}\n{line}\n")
