"""What befalls those who submit: they are interrupted, die at bad moments, come in numbers."""

import os
import signal
import subprocess
import sys

from tests.slurm.scenario import scenario
from tests.slurm.study import Study, submitted, wrapped
from tests.toy import PATIENCE, until


@scenario()
def a_client_is_interrupted(study: Study) -> None:
    with study.start("stages.train", "a") as client, study.held(1):
        until(lambda: study.reached("a", 1))
        client.send_signal(signal.SIGINT)
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode != 0
    assert "attaches" in said
    assert submitted(study.train("a")) == []
    assert study.executions("a") == [0]


@scenario()
def a_clone_with_nothing_to_pull_submits_all_its_variants_at_once(study: Study) -> None:
    """Its dvc.lock says that all is done, and neither cache nor remote has a model."""
    study.call("dvc", "repro", "train")
    study.commit()
    clone = study.clone(study.root.with_name(f"{study.root.name}-clone"))
    assert submitted(clone.call("dvc", "repro", "train")) == ["a", "b", "c"]
    assert clone.batches() == 1
    assert clone.changed() == []


@scenario()
def a_client_is_killed(study: Study) -> None:
    with study.start("stages.train", "a") as client, study.held(1):
        until(lambda: study.reached("a", 1))
        client.kill()
    assert submitted(study.train("a")) == []
    assert study.executions("a") == [0]


@scenario()
def four_clients_come_at_once(study: Study) -> None:
    clients = [study.start("stages.train", "a") for _ in range(4)]
    said = [client.communicate(timeout=PATIENCE)[0] for client in clients]
    assert [client.returncode for client in clients] == [0] * 4, said
    assert submitted("".join(said)) == ["a"]
    assert study.batches() == 1


@scenario()
def a_client_dies_before_its_submission(study: Study) -> None:
    """The intent is noted, sbatch never ran: after the time it could have taken, it is lost."""
    path = wrapped(study.root / "bin", "sbatch", before="kill -9 $PPID; exit 1")
    study.call("stages.train", "a", status=-signal.SIGKILL, PATH=path)
    assert study.run("a").attempt is not None
    assert submitted(study.train("a")) == ["a"]
    assert study.executions("a") == [0]


@scenario()
def a_client_dies_within_its_submission(study: Study) -> None:
    """The job exists, but submitit had not yet given it its task: it is found by its name, ends
    without having trained, and is submitted again."""
    path = wrapped(study.root / "bin", "sbatch", after="kill -9 $PPID")
    study.call("stages.train", "a", status=-signal.SIGKILL, PATH=path)
    said = study.train("a")
    assert "training never began" in said
    assert study.batches() == 2
    assert study.executions("a") == [0]


@scenario()
def a_client_is_itself_a_job(study: Study) -> None:
    """The variables of its own job do not reach those that it submits."""
    inside = ["srun", f"--chdir={study.root}", "--mem=500", sys.executable, "-m", "stages.train"]
    variables = {**os.environ, "PYTHONPATH": str(study.root)}
    subprocess.run([*inside, "a"], check=True, capture_output=True, env=variables)
    assert study.executions("a") == [0]


@scenario()
def an_edit_is_made_while_the_job_runs(study: Study) -> None:
    before = study.here.config("a").read_text()
    said = study.during(1, lambda: study.variant("a", epochs=9), status=1)
    assert "configs/train/a.json: changed while the run trained" in said.splitlines()[-1]
    assert not (study.root / "models/a").exists()
    study.here.config("a").write_text(before)
    assert submitted(study.train("a")) == []


def all_variants_lose(study: Study, number: int) -> None:
    """dvc and its stage, by a signal to both, while the study's one array runs; they are free
    to leave what they please behind, and the next repro attaches."""
    with study.start("dvc", "repro", start_new_session=True) as client, study.held():
        until(lambda: all(study.executions(name) for name in "abc"))
        os.killpg(client.pid, number)
        client.communicate(timeout=PATIENCE)
    assert client.returncode != 0
    assert study.batches() == 1
    assert submitted(study.call("dvc", "repro")) == []
    assert [study.executions(name) for name in "abc"] == [[0], [0], [0]]


@scenario()
def dvc_is_killed_with_all_variants_running(study: Study) -> None:
    all_variants_lose(study, signal.SIGKILL)


@scenario()
def dvc_is_interrupted_with_all_variants_running(study: Study) -> None:
    all_variants_lose(study, signal.SIGINT)


@scenario()
def a_laptop_is_closed_with_all_variants_running(study: Study) -> None:
    all_variants_lose(study, signal.SIGHUP)


@scenario()
def one_variant_is_asked_for(study: Study) -> None:
    assert submitted(study.call("dvc", "repro", "evaluate@a")) == ["a"]
