"""What befalls jobs: they fail, are killed, stopped, moved, refused, forgotten."""

from pathlib import Path

from hdemucs.runs import manage
from hdemucs.runs.executor import State
from tests.slurm.scenario import scenario
from tests.slurm.study import Study, batch, output, submitted, tokens, wrapped
from tests.toy import PATIENCE, until


@scenario()
def a_job_is_cancelled(study: Study) -> None:
    said = study.during(2, study.cancelled, status=1)
    assert "CANCELLED" in said.splitlines()[-1]
    assert str(study.run("a").log) in said.splitlines()[-1]
    assert submitted(study.train("a")) == ["a"]
    first, second = study.executions("a")
    assert first == 0
    assert second >= 2


@scenario()
def a_job_is_cancelled_before_it_starts(study: Study) -> None:
    """A person does not want it: it is not submitted again until somebody asks."""
    study.cluster(slurm={"extra": {"begin": "now+1hour"}})
    with study.start("stages.train", "a") as client:
        until(lambda: study.batches() == 1)
        study.cancelled()
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 1, said
    assert "CANCELLED" in said.splitlines()[-1]
    assert study.batches() == 1
    study.cluster(slurm={"extra": {}})
    assert submitted(study.train("a")) == ["a"]


@scenario()
def the_controller_does_not_hear_the_submission(study: Study) -> None:
    """Nothing is known of the job then, so nothing is decided: it is sought, and sent anew."""
    said = "sbatch: error: Batch job submission failed: Unable to contact slurm controller"
    once = f"mkdir $(dirname $0)/once 2>/dev/null && {{ echo '{said}' >&2; exit 1; }}"
    path = wrapped(study.root / "bin", "sbatch", before=once)
    study.call("stages.train", "a", PATH=path)
    assert study.batches() == 2
    assert study.executions("a") == [0]


@scenario()
def a_training_fails(study: Study) -> None:
    study.fault("a", "3 raise")
    last = study.train("a", status=1).splitlines()[-1]
    assert "FAILED" in last
    assert "ValueError: diverged at epoch 3" in last
    assert str(study.run("a").log) in last
    assert "diverged" in study.run("a").log.read_text()
    study.train("a")
    assert study.executions("a") == [0, 2]


@scenario()
def a_training_is_killed_for_its_memory(study: Study) -> None:
    """By SIGKILL from outside, as the system's out-of-memory killer does."""
    study.fault("a", "3 kill")
    assert "killed by SIGKILL (out of memory" in study.train("a", status=1).splitlines()[-1]
    study.train("a")
    assert study.executions("a") == [0, 2]


@scenario()
def a_job_ends_without_a_result(study: Study) -> None:
    study.fault("a", "1 quit")
    assert "without a result" in study.train("a", status=1).splitlines()[-1]
    study.train("a")


@scenario()
def a_job_is_told_to_make_room(study: Study) -> None:
    """USR2, as before a time limit or a preemption; old pickles of submitit's lie in the way."""

    def told() -> None:
        job, folder = study.job("a"), batch(study.run("a"))
        for name in ("submitted.pkl.save_tmp", "result.pkl.save_tmp", "result.pkl"):
            task = "" if name.startswith("submitted") else "0_"
            (folder / f"{job}_{task}{name}").write_bytes(b"stale")
        study.anew("scancel", "--signal=USR2", job)

    study.during(2, told)
    (first, number), (second, again) = (each.split(".")[:2] for each in tokens(study.run("a")))
    assert first == second  # the same job, queued again
    assert (number, again) == ("0", "1")
    assert study.executions("a")[1] >= 2
    assert study.batches() == 1


@scenario()
def an_operator_requeues_a_job(study: Study) -> None:
    study.during(2, lambda: study.anew("scontrol", "requeue", study.job("a")))
    assert study.executions("a")[1] >= 2
    assert study.batches() == 1


@scenario(partition="night")
def a_job_is_preempted(study: Study) -> None:
    """By a job of a better partition that needs the whole node; SLURM says no more than SIGTERM."""
    urgent = ("sbatch", "-p", "urgent", "--exclusive", "--wrap", "sleep 3", "-o", "/dev/null")
    said = study.during(2, lambda: study.anew(*urgent))
    assert queued_again(said)
    assert study.executions("a")[1] >= 2
    assert study.batches() == 1


@scenario(time=2, signal_delay=55)
def a_job_reaches_its_time_limit(study: Study) -> None:
    said = study.during(5, lambda: until(lambda: len(study.executions("a")) == 2, 2 * PATIENCE))
    assert queued_again(said)
    assert study.batches() == 1  # queued again, not failed and resubmitted
    assert tokens(study.run("a"))[1].split(".")[1] == "1"


def queued_again(said: str) -> bool:
    """Whether a client saw a job in the queue after it had seen it run."""
    return said.rfind(": PENDING") > said.find(": RUNNING") >= 0


@scenario(time=2, signal_delay=55)
def a_job_saves_nothing_in_all_its_time(study: Study) -> None:
    """It would be queued again for ever."""
    with study.held(0):
        last = study.train("a", status=1).splitlines()[-1]
        assert "reached its time limit 3 times without a checkpoint; give more time" in last
        assert study.executions("a") == [0, 0, 0]
    assert study.batches() == 1
    study.train("a")


@scenario(partition="short")
def a_run_whose_job_can_never_start_is_removed(study: Study) -> None:
    """And its job with it, lest it start when somebody widens the limit."""
    run = study.run("a")
    study.launcher.ensure([run])
    until(lambda: study.launcher.look([run])[run].state is State.STUCK)
    name = f"hdemucs-{run.attempt.batch}" if run.attempt else ""
    assert manage.prune(study.launcher, [run]) == [run]
    until(lambda: name not in output("squeue", "-h", "-o", "%j"))
    study.cluster(slurm={"partition": "main"})
    assert submitted(study.train("a")) == ["a"]


@scenario(partition="short")
def a_job_can_never_start(study: Study) -> None:
    last = study.train("a", status=1).splitlines()[-1]
    assert "can never start: Partition" in last
    assert "cluster.yaml" in last
    until(lambda: not study.queued())
    study.cluster(slurm={"partition": "main"})
    study.train("a")


@scenario(partition="nosuch")
def a_job_is_refused(study: Study) -> None:
    last = study.train("a", status=1).splitlines()[-1]
    assert last.startswith("error: cluster.yaml.slurm.partition: sbatch refuses it (")
    study.cluster(slurm={"partition": "main", "extra": {"nosuch-option": "1"}})
    assert "cluster.yaml.slurm.extra" in study.train("a", status=1).splitlines()[-1]
    study.cluster(slurm={"extra": {}})
    study.train("a")


@scenario(python="/nosuch/python")
def a_job_cannot_come_to_train(study: Study) -> None:
    """Started again some times, as if a machine were at fault; then its log is named."""
    last = study.train("a", status=1).splitlines()[-1]
    assert "training never began" in last
    log = Path(last.partition("log: ")[2].partition(";")[0])
    assert "/nosuch/python" in log.read_text()
    assert study.batches() == 4
    study.cluster(slurm={"python": None})
    study.train("a")


@scenario(nodes=2, tasks_per_node=2)
def a_process_of_several_fails(study: Study) -> None:
    """One rank dies; the others, which would wait for it for ever, end with it; it is named."""
    study.fault("a", "3:3 raise")
    with study.held(3):  # the first does not come to its end before
        last = study.train("a", status=1).splitlines()[-1]
    assert "process 3: ValueError: diverged at epoch 3:3" in last
    study.train("a")


@scenario()
def the_accounts_are_absent(study: Study) -> None:
    """sacct fails: squeue suffices for what is there, and what is forgotten is started again."""
    path = wrapped(study.root / "bin", "sacct", before="exit 1")
    said = study.during(2, study.cancelled, status=1, PATH=path)
    assert "CANCELLED" in said.splitlines()[-1]
    forget(study)
    assert submitted(study.call("stages.train", "a", PATH=path)) == ["a"]
    assert study.executions("a")[1] >= 2


@scenario()
def the_accounts_are_late(study: Study) -> None:
    """squeue forgets at once what is over, and sacct has not yet heard of it at the first looks:
    the job is not taken for lost, which would start it again against the person's will."""
    silent = "for i in 1 2; do mkdir $(dirname $0)/$i 2>/dev/null && exit 0; done"
    wrapped(study.root / "bin", "sacct", before=silent)
    path = wrapped(study.root / "bin", "squeue", through="| { grep -E 'PENDING|RUNNING' || true; }")
    said = study.during(2, study.cancelled, status=1, PATH=path)
    assert "CANCELLED" in said.splitlines()[-1]
    assert (study.root / "bin" / "2").exists()
    assert submitted(study.train("a")) == ["a"]
    assert study.executions("a")[1] >= 2


@scenario()
def only_the_accounts_remember(study: Study) -> None:
    """squeue forgets a job some time after its end; a client that comes later asks sacct."""
    with study.start("stages.train", "a") as client, study.held(2):
        until(lambda: study.reached("a", 2))
        client.kill()
        study.cancelled()
    forget(study)
    assert [status.word for status in study.launcher.all().values()] == ["CANCELLED"]
    study.train("a")


def forget(study: Study) -> None:
    """Wait until squeue knows a run's last job no more."""
    attempt = study.run("a").attempt
    assert attempt is not None
    name = f"hdemucs-{attempt.batch}"
    until(lambda: not output("squeue", "-h", "-t", "all", "-n", name), 2 * PATIENCE)


@scenario(qos="tight")
def the_queue_has_room_for_one(study: Study) -> None:
    """What fits is submitted, the rest when there is room, and nobody is blamed."""
    said = study.call("dvc", "repro", "train")
    assert "refuses" not in said
    for name in "abc":
        assert study.executions(name) == [0]
    assert study.batches() == 3
