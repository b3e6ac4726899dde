"""What a person does with runs: list, read, cancel, prune."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from hdemucs.errors import UserError
from hdemucs.files import write_json
from hdemucs.runs import manage
from hdemucs.runs.directory import Run
from hdemucs.runs.executor import State, Status
from hdemucs.runs.stage_job import StageJob
from hdemucs.runs.status_table import StatusTable
from tests.toy import PROJECT, Toy, until


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    toy = Toy(tmp_path)
    yield toy
    toy.close()


def pruned(toy: Toy, *names: str, finished: bool = False) -> list[Run]:
    return manage.prune(
        toy.launcher, manage.prunable(toy.launcher, toy.here, names, finished=finished)
    )


def listed(toy: Toy) -> str:
    text = io.StringIO()
    manage.listing(toy.launcher, Console(file=text, width=300))
    return text.getvalue()


def test_a_list_says_how_far_each_run_is_and_where(toy):
    run = toy.run("a")
    toy.run("b")
    with toy.held(1):
        toy.launcher.ensure([run])
        until(lambda: run.progress)
        pid = toy.workers()[0]
        first, *rows = listed(toy).splitlines()
    assert first.split() == ["run", "state", "job", "node", "epoch", "step", "loss", "left", "log"]
    a, b = sorted(rows)
    assert a.split()[:2] == [run.name, "running"]
    assert a.split()[2] == str(pid)
    assert "1/2" in a
    assert str(run.log) in a
    assert b.split()[1] == "new"
    until(lambda: run.done)
    assert "done" in listed(toy)


def test_a_cancelled_run_stays_where_it_was_and_goes_on_later(toy):
    run, launcher = toy.run("a"), toy.launcher
    with toy.held(1):
        launcher.ensure([run])
        until(lambda: run.progress)
        assert manage.cancel(launcher, "a") == run
    until(lambda: not toy.workers())
    assert launcher.look([run])[run].reason == "cancelled"
    with pytest.raises(UserError, match="has no job"):
        manage.cancel(launcher, run.name)
    toy.train("a")
    assert toy.executions("a")[1] >= 1


def test_a_run_that_waits_for_a_slot_can_be_cancelled(toy):
    toy.cluster(local={"slots": 1})
    launcher, a, b = toy.launcher, toy.run("a"), toy.run("b")
    with toy.held():
        assert launcher.ensure([a, b]) == [a, b]
        assert launcher.look([b])[b].state is State.WAITING
        manage.cancel(launcher, "b")
        assert launcher.look([b])[b].state is State.FAILED
        manage.cancel(launcher, "a")


def test_pruning_removes_what_no_variant_would_use(toy):
    old = toy.run("a")
    toy.variant("a", epochs=3)
    new, other = toy.run("a"), toy.run("b")
    assert pruned(toy) == [old]
    assert new.folder.exists()
    assert other.folder.exists()
    assert pruned(toy, "b") == [other]
    with pytest.raises(UserError, match=r"nosuch: no such run in .*; see `hdemucs runs`"):
        pruned(toy, "a", "nosuch")
    assert new.folder.exists()


def test_pruning_leaves_finished_runs_of_other_settings_unless_it_is_told(toy):
    """Another scale's, or an experiment's: found again when the parameters are flipped back."""
    finished = toy.run("a")
    write_json(finished.folder / "DONE.json", {})
    toy.variant("a", epochs=3)
    half = toy.run("a")
    toy.variant("a", epochs=4)
    assert pruned(toy) == [half]
    assert finished.folder.exists()
    assert pruned(toy, finished=True) == [finished]


def test_the_command_shows_what_would_go_and_asks(toy):
    old = toy.run("a")
    (old.folder / "checkpoint").write_bytes(bytes(2_500_000))
    toy.variant("a", epochs=3)
    said = toy.call("hdemucs", "runs", "prune")  # there is nobody to ask
    assert str(old.folder) in said and " MB" in said and "nothing was removed" in said
    assert old.folder.exists()
    assert f"removed {old.folder}" in toy.call("hdemucs", "runs", "prune", "--yes")
    assert not old.folder.exists()


def test_cancelling_several_goes_on_after_one_that_has_no_job(toy):
    run = toy.run("b")
    toy.run("a")
    with toy.held():
        toy.launcher.ensure([run])
        said = toy.call("hdemucs", "runs", "cancel", "a", "nosuch", "b", status=1)
    assert "has no job" in said and "nosuch: no such run" in said
    assert f"cancelled {run.name}" in said


def test_pruning_keeps_what_a_job_made_and_nobody_has_collected_yet(toy):
    """A client was killed: the next `dvc repro` would find it."""
    kept, old = scored(toy), toy.run("b")
    shutil.rmtree(toy.root / "configs/train")
    toy.variant("a")
    assert pruned(toy) == [old]
    (toy.root / "configs/evaluate.json").write_text('{"other": 1}')
    assert pruned(toy) == [kept]


def test_pruning_keeps_what_it_cannot_tell(toy):
    """A fine-tuned variant's identity has its origin's weights, which may not be there yet."""
    toy.variant("b", start_from={"variant": "a"})
    kept = toy.run("c").folder.rename(toy.here.runs / f"b-{'0' * 16}")
    job = scored(toy)
    shutil.rmtree(toy.root / "models/a")
    assert pruned(toy) == []
    assert kept.exists()
    assert job.folder.exists()


def scored(toy: Toy) -> Run:
    """The run of a job that scores the model of `a`."""
    shutil.copy(PROJECT / "dvc.yaml", toy.root)
    how = {"variant": "a", "separation": SEPARATION, "post": None, "seed": 1, "threads": 1}
    for path, content in {
        "configs/evaluate.json": {}, "configs/fetch.json": {}, "configs/separation/a.json": how,
        "models/a/model.safetensors": [1],
    }.items():  # fmt: skip
        write_json(toy.root / path, content)
    return StageJob(toy.here, "evaluate", "a").run()


def test_pruning_leaves_runs_under_way(toy):
    run = toy.run("a")
    with toy.held():
        toy.launcher.ensure([run])
        toy.variant("a", epochs=3)
        assert pruned(toy, run.name) == []
    assert run.folder.exists()


def test_a_log_is_found_by_variant_and_a_stranger_is_refused(toy):
    toy.train("a")
    assert manage.log_of(toy.launcher, "a") == toy.run("a").log
    with pytest.raises(UserError, match="no such run"):
        manage.log_of(toy.launcher, "nosuch")


def test_elsewhere_than_on_a_terminal_a_line_tells_each_change_and_no_more(toy):
    run, said = toy.run("a"), toy.root / "said"
    (run.folder / "progress.json").write_text(json.dumps(PROGRESS))
    running = Status(State.RUNNING, "RUNNING", job="12_0", node="n1")
    with said.open("w") as stream, StatusTable(stream) as shown:
        for status in (Status(State.WAITING, "PENDING", "Resources"), running, running):
            shown.show({run: status})
    assert said.read_text().splitlines() == [
        f"{run.name}: PENDING (Resources)  epoch 1/3  step 20/60  loss 0.1235",
        f"{run.name}: RUNNING  job 12_0  node n1  epoch 1/3  step 20/60  loss 0.1235  left 1:30",
    ]


SEPARATION = {"segment": 10.0, "overlap": 0.25, "shifts": 1, "max_shift": 0.5}
PROGRESS = {
    "epoch": 1,
    "epochs": 3,
    "step": 20,
    "steps": 60,
    "loss": 0.12345,
    "eta_seconds": 90,
}
