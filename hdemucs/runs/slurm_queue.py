"""What SLURM knows about jobs, by their names: squeue about the present, sacct about the past.

A job's name is its batch's, and no other batch ever has it. So no job numbers are stored, reused
numbers do no harm, and a job is found even if its submitter died before learning its number.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hdemucs.runs.executor import State

QUEUED = {
    "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT",
    "RESV_DEL_HOLD",
}  # fmt: skip
ALIVE = {"RUNNING", "SUSPENDED", "COMPLETING", "SIGNALING", "STAGE_OUT", "STOPPED", "RESIZING"}
PERSONS_DOING = {"CANCELLED", "DEADLINE"}
MACHINES_FAULT = {"NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "REVOKED"}

# Reasons for which a queued job will never start (squeue(1), "JOB REASON CODES").
NEVER = {
    "partitiontimelimit", "partitionnodelimit", "partitionconfig", "dependencyneversatisfied",
    "badconstraints", "accountnotallowed", "qosnotallowed", "invalidaccount", "invalidqos",
    "jobhelduser", "jobheldadmin",
}  # fmt: skip
LAUNCH_FAILED = (
    "launch failed requeued held"  # because of a faulty or slow node; only a person can release it
)
NEVER_ENDING = "perjoblimit"  # the single job asks for more than its account or QOS may have


@dataclass(frozen=True)
class Job:
    """One job, or one task of a job array."""

    name: str
    number: str  # 12 or 12_0
    word: str  # SLURM's name of its state
    reason: str
    node: str

    @property
    def index(self) -> int:
        """Its position in its batch."""
        return int(self.number.partition("_")[2] or 0)

    @property
    def state(self) -> State:
        """The state that it gives its run, unless the run's own files say otherwise."""
        if self.word in QUEUED and plain(self.reason) == LAUNCH_FAILED:
            return State.LOST
        if self.word in QUEUED:
            return State.STUCK if never(self.reason) else State.WAITING
        if self.word in ALIVE:
            return State.RUNNING
        return State.LOST if self.word in MACHINES_FAULT else State.FAILED


def never(reason: str) -> bool:
    """Whether a job that waits for this reason can never start."""
    return plain(reason) in NEVER or plain(reason).endswith(NEVER_ENDING)


def plain(reason: str) -> str:
    """A reason in one spelling; versions of SLURM differ."""
    return reason.strip("()").replace("_", " ").lower()


def present(names: Iterable[str]) -> list[Job] | None:
    """The jobs with these names that slurmctld has in memory; None if it does not answer."""
    said = answer(
        "squeue", "--noheader", "--array", "--states=all", f"--name={','.join(names)}",
        "--format=%j|%F|%K|%T|%r|%N",
    )  # fmt: skip
    if said is None:
        return None
    jobs = []
    for line in said.splitlines():
        name, number, index, word, reason, node = line.split("|", 5)
        number = f"{number}_{index}" if index.isdigit() else number
        jobs.append(Job(name, number, word, reason, node))
    return jobs


def past(names: Iterable[str], since: float) -> list[Job]:
    """The jobs with these names in the accounting; empty on clusters without accounting."""
    start = datetime.fromtimestamp(since) - timedelta(days=1)
    said = answer(
        "sacct", "--noheader", "--parsable2", "--allocations", "--allusers",
        f"--starttime={start:%Y-%m-%dT%H:%M:%S}", f"--name={','.join(names)}",
        "--format=JobName,JobID,State,NodeList",
    )  # fmt: skip
    jobs = []
    for line in (said or "").splitlines():
        name, number, word, node = line.split("|", 3)
        jobs += [Job(name, each, word.split()[0], "", node) for each in tasks(number)]
    return jobs


def tasks(number: str) -> list[str]:
    """The jobs of a line of the accounting: `7_[0-1,4%2]` stands for tasks that never started."""
    array, bracket, part = number.partition("_[")
    if not bracket:
        return [number] if number.replace("_", "").isdigit() else []
    found = []
    for span in part.rstrip("]").partition("%")[0].split(","):
        first, _, last = span.partition("-")
        if first.isdigit():
            found += [f"{array}_{i}" for i in range(int(first), int(last or first) + 1)]
    return found


def mine() -> bool:
    """Whether this user has any job in the queue."""
    return bool((answer("squeue", "--noheader", "--me", "--format=%i") or "").strip())


def cancel(number: str) -> None:
    answer("scancel", number)


def limit(name: str, otherwise: int) -> int:
    """A whole number in the cluster's configuration."""
    for line in (answer("scontrol", "show", "config") or "").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == name and value.strip().isdigit():
            return int(value)
    return otherwise


def answer(*command: str) -> str | None:
    """The output of a SLURM command; None if it fails or does not exist."""
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return asked.stdout if asked.returncode == 0 else None
