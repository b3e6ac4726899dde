"""How long a study takes on a cluster, by simulation of what the launcher and SLURM do.

`dvc repro` submits all trainings at once; as many of them run as there are nodes and as the queue
lets one user have, first come, first served. A job that reaches its time limit saves, is queued
again behind the others, and goes on. The client takes the variants in order: it waits for the
training, then has the songs separated and scored, where `scoring:` of cluster.yaml says nothing
else in its own process.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """What one variant takes, in seconds of a node."""

    training: float  # validation included
    scoring: float


@dataclass(frozen=True)
class Cluster:
    """What there is, and how quick it is; times in seconds."""

    nodes: int
    most: int  # jobs that may run at once: array_parallelism, or a limit of the account
    limit: float  # of a job, its warning included
    start: float  # from a place being free until the training works: queue, Python, data
    requeue: float  # from a job's end until it is in the queue again
    collect: float  # of the client, for each variant: to see its training done and take the model


@dataclass(frozen=True)
class Course:
    """How a study went."""

    seconds: float  # from the submission to the last score
    busy: float  # node-seconds in which a job had a node
    requeues: int
    trained: tuple[float, ...]  # when each training ended


def simulated(variants: Sequence[Variant], cluster: Cluster) -> Course:
    """The course of a study whose queue holds nobody else's jobs."""
    trained, busy, requeues = trainings([each.training for each in variants], cluster)
    now = 0.0
    for ended, variant in zip(trained, variants, strict=True):
        now = max(now, ended) + cluster.collect + variant.scoring
    return Course(now, busy, requeues, tuple(trained))


def trainings(seconds: Sequence[float], cluster: Cluster) -> tuple[list[float], float, int]:
    """When each ends; node-seconds; how often a job was queued again.

    Raises:
        ValueError: no job has time to train.
    """
    work = cluster.limit - cluster.start  # of a job, at most
    if work <= 0:
        raise ValueError(f"a job of {cluster.limit:g} s ends before it has started")
    left, ended = list(seconds), [0.0] * len(seconds)
    queue = [(0.0, one) for one in range(len(seconds))]  # since when a job is in the queue
    places = [0.0] * min(cluster.nodes, cluster.most)  # when each is free
    busy, requeues = 0.0, 0
    while queue:
        since, one = heapq.heappop(queue)
        part = min(left[one], work)
        over = max(heapq.heappop(places), since) + cluster.start + part
        heapq.heappush(places, over)
        busy, left[one] = busy + cluster.start + part, left[one] - part
        if left[one] > 0:
            requeues += 1
            heapq.heappush(queue, (over + cluster.requeue, one))
        else:
            ended[one] = over
    return ended, busy, requeues
