"""`dvc repro`: all stale variants start with the first; nothing else does."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toy import PATIENCE, Toy, until


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    toy = Toy(tmp_path)
    toy.pipeline()
    yield toy
    toy.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Toy]:
    """Trained by one `dvc repro`, whose output is in `said`; all three side by side at first."""
    toy = Toy(tmp_path_factory.mktemp("study"), epochs=3)
    toy.pipeline()
    toy.cluster(local={"slots": 3})
    with toy.start("dvc", "repro", "train") as client:
        with toy.held():
            until(lambda: all(toy.executions(name) for name in "abc"))
        toy.said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 0, toy.said
    yield toy
    toy.close()


def repro(toy: Toy, *arguments: str, status: int = 0) -> str:
    return toy.call("dvc", "repro", *arguments, status=status)


def started(said: str) -> set[str]:
    """The variants whose runs a client started, by what it printed."""
    lines = (line.split() for line in said.splitlines() if line.startswith("started "))
    return {words[1].rpartition("-")[0] for words in lines}


def executions(toy: Toy) -> dict[str, int]:
    return {name: len(toy.executions(name)) for name in "abc"}


def test_all_variants_start_with_the_first_and_the_others_attach(study):
    assert study.said.rindex("started ") < study.said.index("collected from a-")
    assert started(study.said) == {"a", "b", "c"}
    assert executions(study) == {"a": 1, "b": 1, "c": 1}


def test_one_changed_variant_trains_alone_and_is_found_again_when_it_is_changed_back(study):
    study.variant("b", epochs=2)
    assert started(repro(study, "train")) == {"b"}
    study.variant("b", epochs=3)
    assert started(repro(study, "train@b")) == set()


def test_a_missing_model_is_not_trained_anew(study):
    """In a clone all models are missing: they are pulled; a GPU job each would be waste."""
    for path in (study.root / "models", study.root / ".dvc/cache"):
        shutil.rmtree(path)
    study.variant("a", epochs=2)
    assert started(repro(study, "--allow-missing", "train")) == {"a"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Toy]:
    """A study that is trained, committed, and pushed to a remote beside it."""
    toy = Toy(tmp_path_factory.mktemp("shared") / "study")
    toy.pipeline()
    toy.cluster(local={"slots": 3})
    repro(toy, "train")
    toy.commit()
    toy.call("dvc", "remote", "add", "-d", "shelf", str(toy.root.parent / "shelf"))
    toy.call("dvc", "push")
    yield toy
    toy.close()


def test_a_clone_with_nothing_to_pull_trains_all_at_once_to_the_same_bytes(shared, tmp_path):
    clone = shared.clone(tmp_path / "clone")
    said = repro(clone, "train")
    assert started(said) == {"a", "b", "c"}
    assert said.rindex("started ") < said.index("collected from a-")
    assert clone.changed() == []
    clone.close()


def test_a_clone_with_a_remote_pulls_and_trains_nothing(shared, tmp_path):
    shared.commit()  # the remote's address, with the results
    clone = shared.clone(tmp_path / "clone")
    clone.variant("b", workers=3)  # decides no weights, though dvc sees another file
    said = repro(clone, "train")
    assert started(said) == set()
    assert "b: collected from models/b, which b-" in said
    models = [root / f"models/{name}/model.safetensors" for root in (shared.root, clone.root)
              for name in "abc"]  # fmt: skip
    assert [path.read_text() for path in models[:3]] == [path.read_text() for path in models[3:]]
    assert {line.split()[-1] for line in clone.changed()} == {"configs/train/b.json", "dvc.lock"}
    assert "a: trained" in clone.call("hdemucs", "runs", "submit")
    clone.variant("c", epochs=3)
    assert started(repro(clone, "train")) == {"c"}
    clone.close()


def test_submitting_starts_what_a_study_lacks_and_waits_for_nothing(toy):
    toy.cluster(local={"slots": 3})
    with toy.held():
        said = toy.call("hdemucs", "runs", "submit", "a", "b")
        assert [line.split()[:2] for line in said.splitlines()] == [
            ["a:", "started"],
            ["b:", "started"],
        ]
        assert "under way" in toy.call("hdemucs", "runs", "submit", "a")
    assert "did you mean" in toy.call("hdemucs", "runs", "submit", "ab", status=1)
    assert started(repro(toy, "train")) == {"c"}
    assert executions(toy) == {"a": 1, "b": 1, "c": 1}


def test_only_what_was_asked_for_starts(toy):
    assert started(repro(toy, "evaluate@b")) == {"b"}
    assert started(repro(toy, "--single-item", "train@a")) == {"a"}
    assert not toy.run("c").attempt


def test_ctrl_c_leaves_all_runs_alive(toy):
    toy.cluster(local={"slots": 3})
    with toy.start("dvc", "repro", "train", start_new_session=True) as client, toy.held():
        until(lambda: all(toy.executions(name) for name in "abc"))
        os.killpg(client.pid, signal.SIGINT)  # as a terminal does
        client.communicate(timeout=PATIENCE)
    assert client.returncode != 0
    assert not (toy.root / "models/a/model.json").exists()
    assert started(repro(toy, "train@c")) == set()
    until(lambda: all(toy.run(name).done for name in "abc"))
    assert executions(toy) == {"a": 1, "b": 1, "c": 1}


@pytest.mark.slow
def test_an_experiment_in_a_temporary_workspace_trains_in_the_main_checkout(toy):
    toy.commit()
    said = toy.call("dvc", "exp", "run", "--temp", "-S", "configs/train/a.json:training.epochs=3")
    runs = {path.name.rpartition("-")[0] for path in toy.here.runs.glob("*-*")}
    assert runs == {"a", "b", "c"}, said
    assert not subprocess.run(
        ["git", "status", "--short"], cwd=toy.root, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_a_queued_experiment_starts_all_its_variants_at_once(toy):
    toy.commit()
    toy.call("dvc", "exp", "run", "--queue", "report", "train@c", "train@b", "train@a")
    toy.call("dvc", "queue", "start")
    until(lambda: "Success" in toy.call("dvc", "queue", "status"))
    said = "".join(path.read_text() for path in toy.root.glob(".dvc/tmp/exps/run/*/*.out"))
    assert said.rindex("started ") < said.index(": collected from ")
    assert started(said) == {"a", "b", "c"}


@pytest.mark.slow
def test_a_failed_variant_does_not_hold_up_the_others(toy):
    toy.fault("a", "1 raise")
    said = repro(toy, "--keep-going", status=255)
    assert "diverged at epoch 1" in said
    assert (toy.root / "models/b").exists()
    assert started(repro(toy)) == {"a"}
