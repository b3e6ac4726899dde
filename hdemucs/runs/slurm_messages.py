"""Interpret what sbatch says when it does not accept a job, by SLURM's own phrases.

The phrases are those of slurm_errno.c and of the reasons in squeue(1), in lower case. Plugins of
single clusters may have other messages, which are shown as they are.
"""

from __future__ import annotations

import re

from hdemucs.config.cluster import FILE
from hdemucs.errors import UserError

SETTINGS = {  # phrase -> the setting of cluster.yaml that causes it
    "invalid account or account/partition combination specified": "account",
    "job's account not permitted to use this partition": "account",
    "invalid partition specified": "partition",
    "invalid partition name specified": "partition",
    "user's group not permitted to use this partition": "partition",
    "requested partition configuration not available now": "partition",
    "invalid qos specification": "qos",
    "job's qos not permitted to use this partition": "qos",
    "invalid feature specification": "constraint",
    "requested time limit is invalid": "time",
    "memory specification can not be satisfied": "memory_gb",
    "memory required by task is not available": "memory_gb",
    "cpu count per node can not be satisfied": "cpus_per_task",
    "cpu count specification invalid": "cpus_per_task",
    "more processors requested than permitted": "cpus_per_task",
    "invalid generic resource (gres) specification": "gpus_per_node",
    "invalid trackable resource (tres) specification": "gpus_per_node",
    "node count specification invalid": "nodes",
    "unrecognized option": "extra",
}

AWAY = (
    "unable to contact slurm controller", "socket timed out", "connection refused",
    "connection timed out", "zero bytes were transmitted",
)  # fmt: skip

# Limits of an account or QOS: on its own jobs (Max), or on those of all its users (Grp).
POLICY = re.compile(r"\b(?:assoc|qos)(max|grp|min)(\w+)")
OF_POLICY = {  # what such a limit is on -> the setting
    "cpu": "cpus_per_task",
    "mem": "memory_gb",
    "node": "nodes",
    "wall": "time",
    "gres": "gpus_per_node",
    "billing": "qos",
    "jobs": "qos",
    "submit": "qos",
    "tres": "qos",
}
VIOLATION = "job violates accounting/qos policy"  # any of these limits, if no reason is given
CROWDED = ("resource temporarily unavailable", "slurm temporarily unable to accept job")


def away(complaint: str) -> bool:
    """Whether sbatch reached no controller, or did not receive the answer."""
    return any(sign in complaint.lower() for sign in AWAY)


def full(complaint: str, *, jobs: bool) -> bool:
    """Whether the job would be accepted if fewer were in the queue.

    `jobs`: whether the user has any jobs there, or submits several. If not, waiting does not help
    against a limit on the user's own jobs.
    """
    said = complaint.lower()
    limits = POLICY.findall(said)
    if any("submit" in on for _, on in limits):
        return jobs or any(whose == "grp" and "submit" in on for whose, on in limits)
    if any(sign in said for sign in CROWDED):
        return True
    return jobs and not limits and VIOLATION in said


def refused(complaint: str, section: str) -> UserError:
    """An error about the setting of cluster.yaml that a complaint of sbatch is about."""
    lines = [line for line in complaint.splitlines() if line.startswith("sbatch: ")]
    said = " ".join((lines or complaint.splitlines() or ["it does not say why"])[-1].split())
    said = said.removeprefix("sbatch: ").removeprefix("error: ")
    where = f"{FILE}.{section}"
    setting = blamed(" ".join(lines).lower())
    reason = POLICY.search(" ".join(lines).lower())
    more = f"; {reason[0]}" if reason and reason[0] not in said.lower() else ""
    return UserError(
        f"{where}.{setting}" if setting else where,
        f"sbatch refuses it ({said}{more})",
        "see what the cluster has with sinfo, and what you may use with sacctmgr show assoc",
    )


def blamed(said: str) -> str | None:
    """The setting that a complaint, in lower case, is about."""
    for phrase, setting in SETTINGS.items():
        if phrase in said:
            return setting
    for _, on in POLICY.findall(said):
        for what, setting in OF_POLICY.items():
            if what in on:
                return setting
    return None
