"""Runs on this machine: detached, side by side, resumed, collected once."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from hdemucs.errors import UserError
from hdemucs.runs.directory import Inputs, Run, create
from tests.toy import PATIENCE, Toy, until


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    toy = Toy(tmp_path)
    yield toy
    toy.close()


def test_a_variant_is_trained_and_published(toy):
    said = toy.train("a")
    assert "collected" in said
    run = toy.run("a")
    for name in ("model.safetensors", "model.json"):
        assert (toy.root / "models/a" / name).read_bytes() == (run.folder / name).read_bytes()
    curve = toy.root / "reports/curves/a.csv"
    assert curve.read_bytes() == (run.folder / "history.csv").read_bytes()


def test_a_finished_run_is_collected_without_training(toy):
    toy.train("a")
    first = toy.run("a").folder.stat()
    said = toy.train("a")
    assert "started" not in said
    assert toy.executions("a") == [0]
    assert toy.run("a").folder.stat().st_ino == first.st_ino


def test_ctrl_c_detaches_and_the_next_call_attaches(toy):
    with toy.start("stages.train", "a") as client, toy.held():
        until(lambda: toy.executions("a"))
        client.send_signal(signal.SIGINT)
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode != 0  # else dvc would take half a model for a whole one
    assert "Traceback" not in said
    assert "attaches" in said
    assert "started" not in toy.train("a")
    assert toy.executions("a") == [0]


def test_a_killed_client_loses_nothing(toy):
    with toy.start("stages.train", "a") as client, toy.held():
        until(lambda: toy.executions("a"))
        client.kill()
    toy.train("a")
    assert toy.executions("a") == [0]


def test_a_killed_training_is_told_in_one_line_and_resumed_by_the_same_command(toy):
    toy.variant("a", epochs=4)
    toy.fault("a", "3 kill")
    said = toy.train("a", status=1)
    assert "SIGKILL" in said.splitlines()[-1]
    assert str(toy.run("a").log) in said.splitlines()[-1]
    assert "Traceback" not in said
    toy.train("a")
    assert toy.executions("a") == [0, 2]


def test_a_run_that_fails_says_why(toy):
    toy.fault("a", "2 raise")
    last = toy.train("a", status=1).splitlines()[-1]
    assert "diverged at epoch 2" in last
    assert str(toy.run("a").log) in last


def test_a_run_that_ends_without_a_result_failed(toy):
    toy.fault("a", "1 quit")
    assert "without a result" in toy.train("a", status=1).splitlines()[-1]


def test_a_lost_worker_takes_its_training_along_and_the_run_goes_on(toy):
    with toy.start("stages.train", "a") as client:
        with toy.held():
            until(lambda: toy.executions("a"))
            os.kill(toy.workers()[0], signal.SIGKILL)
            until(lambda: len(toy.executions("a")) == 2)
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 0, said
    assert len(toy.executions("a")) == 2


@pytest.mark.parametrize("gets_on", [True, False])
def test_a_run_that_is_lost_again_and_again_is_given_up_unless_it_gets_on(toy, gets_on):
    toy.variant("a", epochs=6)
    with toy.start("stages.train", "a") as client:
        for count in range(1, 6 if gets_on else 5):
            with toy.held(count if gets_on else 0):
                until(lambda: len(toy.executions("a")) == count)  # noqa: B023  it is done at once
                until(lambda: not gets_on or toy.run("a").progress.get("epoch") == count)  # noqa: B023
                os.kill(toy.workers()[0], signal.SIGKILL)
                until(lambda: not toy.workers())
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == (0 if gets_on else 1), said
    assert len(toy.executions("a")) == (6 if gets_on else 4)
    assert gets_on or "lost: its process is gone" in said.splitlines()[-1]


def test_four_clients_start_one_run(toy):
    clients = [toy.start("stages.train", "a") for _ in range(4)]
    said = [client.communicate(timeout=PATIENCE)[0] for client in clients]
    assert [client.returncode for client in clients] == [0] * 4, said
    assert sum("started" in text for text in said) == 1
    assert toy.executions("a") == [0]


def test_runs_wait_for_a_slot_without_their_clients(toy):
    toy.cluster(local={"slots": 1})
    toy.pace(0.2)
    toy.variant("b", epochs=3)
    clients = [toy.start("stages.train", name) for name in "abc"]
    until(lambda: len(toy.workers()) >= 2 or toy.run("c").attempt)
    until(lambda: all(toy.run(name).attempt for name in "abc"))
    for client in clients:
        client.kill()
        client.communicate()
    until(lambda: all(toy.run(name).done for name in "abc"))
    spans = sorted(span(toy, name) for name in "abc")
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def span(toy: Toy, name: str) -> tuple[float, float]:
    """When a run that lived once began and ended."""
    folder = toy.run(name).folder
    began = float((folder / "executions.txt").read_text().split()[0])
    return began, (folder / "DONE.json").stat().st_mtime


def test_an_edit_while_the_run_trains_is_noticed_and_can_be_undone(toy):
    before = toy.here.config("a").read_text()
    with toy.start("stages.train", "a") as client:
        with toy.held():
            until(lambda: toy.executions("a"))
            toy.variant("a", epochs=6)
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 1
    assert "configs/train/a.json" in said.splitlines()[-1]
    assert not (toy.root / "models").exists()
    toy.here.config("a").write_text(before)
    assert "started" not in toy.train("a")


def test_two_executions_of_one_run_leave_one_result(toy):
    """The newer execution owns the run; the older one stops at its next write."""
    with toy.start("stages.train", "a") as client:
        with toy.held():
            until(lambda: toy.executions("a"))
            toy.run("a").own("somebody else")
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 0, said
    assert len(toy.executions("a")) == 2
    assert "superseded" in toy.run("a").log.read_text()


def test_code_edited_while_a_run_waits_does_not_reach_it(toy):
    """The job imports its snapshot, whatever becomes of the working tree."""
    run = toy.run("a")
    module = toy.root / "hdemucs/training/__main__.py"
    module.write_text("raise SystemExit('the working tree was used')\n")
    time.sleep(0.01)
    toy.launcher.ensure([run])
    until(lambda: run.done)


def test_an_edit_while_a_run_is_prepared_makes_no_run_under_the_old_name(toy):
    """The name says what was trained: a client that waited for its turn looks again."""
    identity = toy.here.identity("a")
    module = toy.root / "hdemucs/training/__main__.py"
    module.write_text(module.read_text() + "LATER = 1\n")
    inputs = Inputs(toy.root, {}, "hdemucs.training", lambda: toy.here.identity("a"))
    run = Run(toy.here.runs / identity.run)
    with pytest.raises(UserError, match=r"hdemucs/training/__main__\.py: changed while"):
        create(run, identity, inputs, 1)
    assert not run.folder.exists()
    assert toy.run("a").name != run.name
