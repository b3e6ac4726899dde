"""What SLURM's words mean to those who wait (squeue(1), JOB STATE and REASON CODES)."""

import time
from pathlib import Path

import pytest

from hdemucs.runs.directory import Attempt, Run
from hdemucs.runs.executor import State
from hdemucs.runs.slurm import NO_ROOM, SlurmExecutor, status
from hdemucs.runs.slurm_job import SlurmJob
from hdemucs.runs.slurm_messages import POLICY, SETTINGS, away, full, refused
from hdemucs.runs.slurm_queue import Job, tasks


def job(word: str, reason: str = "None") -> Job:
    return Job("hdemucs-x", "12_3", word, reason, "n1")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def attempt(age: float = 0) -> Attempt:
    return Attempt("slurm", "x", 3, 4, time.time() - age)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING", State.WAITING),
        ("CONFIGURING", State.WAITING),
        ("REQUEUED", State.WAITING),
        ("RUNNING", State.RUNNING),
        ("COMPLETING", State.RUNNING),
        ("SUSPENDED", State.RUNNING),
        ("NODE_FAIL", State.LOST),
        ("BOOT_FAIL", State.LOST),
        ("PREEMPTED", State.LOST),
        ("FAILED", State.FAILED),
        ("OUT_OF_MEMORY", State.FAILED),
        ("TIMEOUT", State.FAILED),
        ("DEADLINE", State.FAILED),
        ("CANCELLED", State.FAILED),
        ("COMPLETED", State.FAILED),
    ],
)
def test_states(run, word, state):
    (run.folder / "execution.json").write_text('{"attempt": "x"}')  # it came to train
    assert status(run, attempt(), job(word)).state is state


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("Resources", State.WAITING),
        ("Priority", State.WAITING),
        ("BeginTime", State.WAITING),
        ("QOSMaxJobsPerUserLimit", State.WAITING),
        ("PartitionTimeLimit", State.STUCK),
        ("(BadConstraints)", State.STUCK),
        ("QOSMaxCpuPerJobLimit", State.STUCK),
        ("AssocMaxWallDurationPerJobLimit", State.STUCK),
        ("launch_failed_requeued_held", State.LOST),  # the node's doing
        ("JobHeldUser", State.STUCK),
    ],
)
def test_a_queue_that_a_job_can_never_leave_is_told_from_one_that_it_can(run, reason, state):
    found = status(run, attempt(), job("PENDING", reason))
    assert found.state is state
    assert found.left == (state is not State.WAITING)


def test_a_job_nobody_knows_is_new_at_first_and_lost_later(run):
    assert status(run, attempt(), None).state is State.SUBMITTING
    assert status(run, attempt(age=60), None).state is State.LOST


def test_what_a_run_says_of_its_end_outlives_what_slurm_remembers(run):
    run.note("x", 1, "ValueError: diverged")
    assert status(run, attempt(age=60), None).reason == "ValueError: diverged"
    assert status(run, attempt(age=60), None).state is State.FAILED


def test_what_an_earlier_attempt_said_does_not_count(run):
    run.note("another", 1, "ValueError: diverged")
    assert status(run, attempt(), job("RUNNING")).state is State.RUNNING
    assert status(run, attempt(age=60), None).state is State.LOST


def test_a_job_that_ended_without_having_trained_is_lost(run):
    found = status(run, attempt(), job("FAILED"))
    assert found.state is State.LOST
    assert found.left  # it is taken away before another is submitted


@pytest.mark.parametrize("word", ["CANCELLED", "DEADLINE"])
def test_a_job_that_a_person_ended_in_the_queue_is_not_started_again(run, word):
    assert status(run, attempt(), job(word)).state is State.FAILED


@pytest.mark.parametrize(
    ("number", "jobs"),
    [
        ("7", ["7"]),
        ("7_3", ["7_3"]),
        ("7_[0-2,5%2]", ["7_0", "7_1", "7_2", "7_5"]),
        ("7_[4]", ["7_4"]),
        ("7.batch", []),
    ],
)
def test_the_accounts_tell_of_tasks_that_never_started(number, jobs):
    assert tasks(number) == jobs


DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("seconds", "count"),
    [
        (DAY - 700, 3),  # told 10 minutes ahead, at most a minute early
        (DAY - 600, 3),
        (DAY / 2, 2),  # preempted: its time was not over
        (1.0, 2),
    ],
)
def test_an_execution_that_had_its_time_and_saved_nothing_got_nowhere(run, seconds, count):
    job = SlurmJob(str(run.folder), "x", "data", limit=int(DAY), delay=600, fruitless=2)
    job.found = run.saved
    assert job.wasted(run, seconds) == count
    (run.folder / "checkpoints").mkdir()
    (run.folder / "checkpoints/0001-000000.sha256").touch()
    assert job.wasted(run, seconds) == 0


@pytest.mark.parametrize(
    "complaint",
    [
        "sbatch: error: Batch job submission failed: Unable to contact slurm controller",
        "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
    ],
)
def test_a_controller_that_is_away_is_no_refusal(complaint):
    assert away(complaint)
    assert not away("sbatch: error: invalid partition specified: x")


VIOLATES = (
    "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy "
    "(job submit limit, user's size and/or time limits)"
)


@pytest.mark.parametrize(
    ("complaint", "key"),
    [
        ("sbatch: error: invalid partition specified: x\nsbatch: error: Batch ...", "partition"),
        ("sbatch: error: Memory specification can not be satisfied", "memory_gb"),
        ("sbatch: error: Requested time limit is invalid (missing or exceeds some limit)", "time"),
        ("sbatch: error: Invalid account or account/partition combination specified", "account"),
        ("sbatch: error: CPU count per node can not be satisfied", "cpus_per_task"),
        ("sbatch: error: Node count specification invalid", "nodes"),
        ("sbatch: error: Invalid generic resource (gres) specification", "gpus_per_node"),
        ("sbatch: error: Invalid feature specification", "constraint"),
        ("sbatch: error: QOSMaxCpuPerUserLimit\n" + VIOLATES, "cpus_per_task"),
        ("sbatch: error: AssocMaxMemPerJob\n" + VIOLATES, "memory_gb"),
        ("sbatch: error: AssocMaxWallDurationPerJobLimit\n" + VIOLATES, "time"),
        ("sbatch: error: QOSMaxGRESPerUser\n" + VIOLATES, "gpus_per_node"),
        ("sbatch: error: QOSMaxSubmitJobPerUserLimit\n" + VIOLATES, "qos"),
        ("sbatch: unrecognized option '--x=1'\nTry \"sbatch --help\"", "extra"),
    ],
)
def test_what_sbatch_complains_of_is_put_to_a_setting(complaint, key):
    said = str(refused(complaint, "scoring"))
    assert said.startswith(f"cluster.yaml.scoring.{key}: sbatch refuses it (")
    assert "\n" not in said


@pytest.mark.parametrize("phrase", SETTINGS)
def test_every_phrase_is_told_from_the_others(phrase):
    said = f"sbatch: error: Batch job submission failed: {phrase.capitalize()}"
    assert str(refused(said, "slurm")).startswith(f"cluster.yaml.slurm.{SETTINGS[phrase]}: ")
    assert not full(said, jobs=True) and not away(said)


def test_a_policy_is_not_put_to_the_account_for_the_word_accounting():
    said = str(refused(VIOLATES, "slurm"))
    assert said.startswith("cluster.yaml.slurm: sbatch refuses it (Batch job submission failed")
    assert str(refused("sbatch: error: QOSMinGRES\n" + VIOLATES, "slurm")).count("qosmingres") == 1


ROOM = [  # complaint, while there are jobs of this user, while there are none
    ("AssocMaxSubmitJobLimit", True, False),
    ("QOSMaxSubmitJobPerUserLimit", True, False),
    ("AssocGrpSubmitJobsLimit", True, True),
    ("QOSGrpSubmitJobsLimit", True, True),
    ("QOSMaxCpuPerUserLimit", False, False),
    ("AssocMaxWallDurationPerJobLimit", False, False),
    ("", True, False),
]


@pytest.mark.parametrize(("reason", "busy", "idle"), ROOM)
def test_a_full_queue_is_waited_for_where_waiting_helps(reason, busy, idle):
    complaint = f"sbatch: error: {reason}\n{VIOLATES}" if reason else VIOLATES
    assert (full(complaint, jobs=True), full(complaint, jobs=False)) == (busy, idle)
    assert bool(POLICY.findall(complaint.lower())) == bool(reason)


def test_a_controller_with_too_many_jobs_is_waited_for():
    said = "sbatch: error: Batch job submission failed: Resource temporarily unavailable"
    assert full(said, jobs=False)


def test_what_there_was_no_room_for_is_neither_failed_nor_under_way(run):
    run.note("x", code=NO_ROOM, cause="no room")
    assert status(run, attempt(), None).state is State.DEFERRED


class Limited(SlurmExecutor):
    """A queue that takes so many jobs, in arrays of any size."""

    def submit_array(self, runs):
        self.sizes.append(len(runs))
        if sum(self.taken) + len(runs) > self.room:
            return False
        self.taken.append(len(runs))
        return True

    def defer(self, run):
        self.deferred.append(run)


@pytest.mark.parametrize("array", [0, 1, 2, 3, 1001])
@pytest.mark.parametrize("room", [0, 1, 3, 7])
def test_as_many_are_submitted_as_there_is_room_for(monkeypatch, array, room):
    monkeypatch.setattr("hdemucs.runs.slurm_queue.limit", lambda *_: array)
    queue = object.__new__(Limited)
    for name, value in {"room": room, "taken": [], "sizes": [], "deferred": []}.items():
        object.__setattr__(queue, name, value)
    runs = [Run(Path(f"run-{number}")) for number in range(7)]
    queue.submit(runs)
    assert sum(queue.taken) == room
    assert queue.deferred == runs[room:]
    assert max(queue.sizes) <= max(1, array)
