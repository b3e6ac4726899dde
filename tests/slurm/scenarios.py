"""Everything that can befall a job, one function each; they run side by side on one cluster.

Each gets a study of its own whose variant `a` takes 8 epochs, and leaves it with `a` published.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.slurm.study import Study, batch, output, submitted, tokens, wrapped
from tests.toy import until

SCENARIOS: dict[str, Callable[[Path], Study]] = {}


def scenario(function: Callable[[Path], Study]) -> Callable[[Path], Study]:
    SCENARIOS[function.__name__] = function
    return function


@scenario
def a_client_is_interrupted(root: Path) -> Study:
    study = Study(root, pace=0.5)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 1))
        client.send_signal(signal.SIGINT)
        said, _ = client.communicate(timeout=20)
    assert client.returncode != 0
    assert "attaches" in said
    assert submitted(study.train("a")) == []
    assert study.lives("a") == [0]
    return study


@scenario
def a_client_is_killed(root: Path) -> Study:
    study = Study(root, pace=0.5)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 1))
        client.kill()
    assert submitted(study.train("a")) == []
    assert study.lives("a") == [0]
    return study


@scenario
def four_clients_come_at_once(root: Path) -> Study:
    study = Study(root, pace=0.3)
    clients = [study.start("stages.train", "a") for _ in range(4)]
    said = [client.communicate(timeout=120)[0] for client in clients]
    assert [client.returncode for client in clients] == [0] * 4, said
    assert submitted("".join(said)) == ["a"]
    assert study.batches() == 1
    return study


@scenario
def a_client_dies_before_its_submission(root: Path) -> Study:
    """The intent is noted, sbatch never ran: after the time it could have taken, it is lost."""
    study = Study(root)
    path = wrapped(root / "bin", "sbatch", before="kill -9 $PPID; exit 1")
    study.call("stages.train", "a", status=-signal.SIGKILL, PATH=path)
    assert study.run("a").attempt is not None
    assert submitted(study.train("a")) == ["a"]
    assert study.lives("a") == [0]
    return study


@scenario
def a_client_dies_within_its_submission(root: Path) -> Study:
    """The job exists, but submitit had not yet given it its task: it is found by its name, ends
    without having trained, and is submitted again."""
    study = Study(root)
    path = wrapped(root / "bin", "sbatch", after="kill -9 $PPID")
    study.call("stages.train", "a", status=-signal.SIGKILL, PATH=path)
    said = study.train("a")
    assert "never came to train" in said
    assert study.batches() == 2
    assert study.lives("a") == [0]
    return study


@scenario
def a_job_is_cancelled(root: Path) -> Study:
    study = Study(root, pace=0.5)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 2))
        subprocess.run(["scancel", study.job("a")], check=True)
        said, _ = client.communicate(timeout=60)
    assert client.returncode == 1
    assert "CANCELLED" in said.splitlines()[-1]
    assert str(study.run("a").log) in said.splitlines()[-1]
    assert submitted(study.train("a")) == ["a"]
    first, second = study.lives("a")
    assert first == 0
    assert second >= 2
    return study


@scenario
def a_training_fails(root: Path) -> Study:
    study = Study(root)
    study.fault("a", "3 raise")
    last = study.train("a", status=1).splitlines()[-1]
    assert "FAILED" in last
    assert "ValueError: diverged at epoch 3" in last
    assert str(study.run("a").log) in last
    assert "diverged" in study.run("a").log.read_text()
    study.train("a")
    assert study.lives("a") == [0, 2]
    return study


@scenario
def a_training_is_killed_for_its_memory(root: Path) -> Study:
    """By SIGKILL from outside, as the system's out-of-memory killer does."""
    study = Study(root)
    study.fault("a", "3 kill")
    assert "killed by SIGKILL (out of memory" in study.train("a", status=1).splitlines()[-1]
    study.train("a")
    assert study.lives("a") == [0, 2]
    return study


@scenario
def a_job_ends_without_a_result(root: Path) -> Study:
    study = Study(root)
    study.fault("a", "1 quit")
    assert "without a result" in study.train("a", status=1).splitlines()[-1]
    study.train("a")
    return study


@scenario
def a_job_is_told_to_make_room(root: Path) -> Study:
    """USR2, as before a time limit or a preemption; old pickles of submitit's lie in the way."""
    study = Study(root, pace=1)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 2))
        job, folder = study.job("a"), batch(study.run("a"))
        for name in ("submitted.pkl.save_tmp", "result.pkl.save_tmp", "result.pkl"):
            task = "" if name.startswith("submitted") else "0_"
            (folder / f"{job}_{task}{name}").write_bytes(b"stale")
        subprocess.run(["scancel", "--signal=USR2", job], check=True)
        said, _ = client.communicate(timeout=120)
    assert client.returncode == 0, said
    first, second = tokens(study.run("a"))
    assert first.startswith(f"{job}.0.")
    assert second.startswith(f"{job}.1.")  # the same job, queued again
    assert study.lives("a")[1] >= 2
    assert study.batches() == 1
    return study


@scenario
def an_operator_requeues_a_job(root: Path) -> Study:
    study = Study(root, pace=0.7)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 2))
        subprocess.run(["scontrol", "requeue", study.job("a")], check=True)
        said, _ = client.communicate(timeout=120)
    assert client.returncode == 0, said
    assert study.lives("a")[1] >= 2
    assert study.batches() == 1
    return study


@scenario
def a_job_is_preempted(root: Path) -> Study:
    """By a job of a better partition that needs the whole node; SLURM says no more than SIGTERM."""
    study = Study(root, pace=0.7, extra={"nodelist": "n3"})
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 2))
        urgent = ["sbatch", "-p", "urgent", "-w", "n3", "--exclusive", "--wrap", "sleep 3"]
        subprocess.run([*urgent, "-o", "/dev/null"], check=True, stdout=subprocess.DEVNULL)
        said, _ = client.communicate(timeout=180)
    assert client.returncode == 0, said
    assert "PENDING" in said
    assert study.lives("a")[1] >= 2
    assert study.batches() == 1
    return study


@scenario
def a_job_reaches_its_time_limit(root: Path) -> Study:
    study = Study(root, pace=11, time=2, signal_delay=55)
    with study.start("stages.train", "a") as client:
        until(lambda: len(study.lives("a")) == 2, 240)
        study.pace(0.05)
        said, _ = client.communicate(timeout=120)
    assert client.returncode == 0, said
    assert "PENDING" in said
    assert study.batches() == 1
    assert (
        tokens(study.run("a"))[1].split(".")[1] == "1"
    )  # queued again, not failed and resubmitted
    return study


@scenario
def a_job_can_never_start(root: Path) -> Study:
    study = Study(root, partition="short")
    last = study.train("a", status=1).splitlines()[-1]
    assert "can never start: Partition" in last
    assert "cluster.yaml" in last
    until(lambda: "PENDING" not in output("squeue", "-h", "-j", study.job("a"), "-o", "%T"))
    study.cluster(slurm={"partition": "main"})
    study.train("a")
    return study


@scenario
def a_job_is_refused(root: Path) -> Study:
    study = Study(root, partition="nosuch")
    last = study.train("a", status=1).splitlines()[-1]
    assert last.startswith("error: cluster.yaml.slurm.partition: sbatch refuses it (")
    study.cluster(slurm={"partition": "main", "extra": {"nosuch-option": "1"}})
    assert "cluster.yaml.slurm.extra" in study.train("a", status=1).splitlines()[-1]
    study.cluster(slurm={"extra": {"nosuch-option": "1"}, "partition": None})
    study.cluster(slurm={"extra": {}})
    study.train("a")
    return study


@scenario
def a_job_cannot_come_to_train(root: Path) -> Study:
    """Started again some times, as if a machine were at fault; then its log is named."""
    study = Study(root, python="/nosuch/python")
    last = study.train("a", status=1).splitlines()[-1]
    assert "never came to train" in last
    log = Path(last.partition("log: ")[2].partition(";")[0])
    assert "/nosuch/python" in log.read_text()
    assert study.batches() == 4
    study.cluster(slurm={"python": None})
    study.train("a")
    return study


@scenario
def a_client_is_itself_a_job(root: Path) -> Study:
    """The variables of its own job do not reach those that it submits."""
    study = Study(root)
    inside = ["srun", f"--chdir={root}", "--mem=500", sys.executable, "-m", "stages.train", "a"]
    variables = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run(inside, check=True, capture_output=True, env=variables)
    assert study.lives("a") == [0]
    return study


@scenario
def the_accounts_are_absent(root: Path) -> Study:
    """sacct fails: squeue suffices for what is there, and what is forgotten is started again."""
    study = Study(root, pace=0.5)
    path = wrapped(root / "bin", "sacct", before="exit 1")
    with study.start("stages.train", "a", PATH=path) as client:
        until(lambda: study.reached("a", 2))
        subprocess.run(["scancel", study.job("a")], check=True)
        said, _ = client.communicate(timeout=60)
    assert client.returncode == 1
    assert "CANCELLED" in said.splitlines()[-1]
    forget(study)
    assert submitted(study.call("stages.train", "a", PATH=path)) == ["a"]
    assert study.lives("a")[1] >= 2
    return study


@scenario
def only_the_accounts_remember(root: Path) -> Study:
    """squeue forgets a job some time after its end; a client that comes later asks sacct."""
    study = Study(root, pace=0.5)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 2))
        client.kill()
    subprocess.run(["scancel", study.job("a")], check=True)
    forget(study)
    assert [status.word for status in study.fleet.all().values()] == ["CANCELLED"]
    study.train("a")
    return study


def forget(study: Study) -> None:
    """Wait until squeue knows a run's last job no more."""
    name = f"hdemucs-{study.run('a').attempt.batch}"
    until(lambda: not output("squeue", "-h", "-t", "all", "-n", name), 120)


@scenario
def a_process_of_several_fails(root: Path) -> Study:
    """One rank dies; the others, which would wait for it for ever, end with it; it is named."""
    study = Study(root, pace=0.5, nodes=2, tasks_per_node=2)
    study.fault("a", "3:3 raise")
    last = study.train("a", status=1).splitlines()[-1]
    assert "process 3: ValueError: diverged at epoch 3:3" in last
    study.train("a")
    return study


@scenario
def an_edit_is_made_while_the_job_runs(root: Path) -> Study:
    study = Study(root, pace=0.5)
    before = study.here.config("a").read_text()
    run = study.run("a")
    with study.start("stages.train", "a") as client:
        until(lambda: run.progress)
        study.variant("a", epochs=9)
        said, _ = client.communicate(timeout=60)
    assert client.returncode == 1
    assert "configs/train/a.json: changed while the run trained" in said.splitlines()[-1]
    assert not (study.root / "models/a").exists()
    study.here.config("a").write_text(before)
    assert submitted(study.train("a")) == []
    return study


@scenario
def dvc_is_killed_with_all_variants_running(root: Path) -> Study:
    """One array for the study; after `kill -9` of dvc and its stage, the next repro attaches."""
    study = Study(root, pace=1)
    study.pipeline()
    with study.start("dvc", "repro", start_new_session=True) as client:
        until(lambda: all(study.lives(name) for name in "abc"), 60)
        os.killpg(client.pid, signal.SIGKILL)
    assert study.batches() == 1
    assert submitted(study.call("dvc", "repro")) == []
    assert [study.lives(name) for name in "abc"] == [[0], [0], [0]]
    return study


@scenario
def one_variant_is_asked_for(root: Path) -> Study:
    study = Study(root)
    study.pipeline()
    assert submitted(study.call("dvc", "repro", "evaluate@a")) == ["a"]
    return study
