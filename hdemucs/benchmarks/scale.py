"""What studies of N variants on M nodes cost and take: steps measured here, the rest simulated."""

from __future__ import annotations

import dataclasses
import os
import platform
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch

from hdemucs.benchmarks.launching import Cluster, Variant, simulated
from hdemucs.bounded import real, whole
from hdemucs.config.cluster import SlurmConfig, load_cluster
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.share import WHOLE
from hdemucs.files import write_text
from hdemucs.preflight.forecast import HOUR, Data, Preflight, describe, preflight
from hdemucs.preflight.scoring import Basis, Network, Stopwatch, System, TestSet
from hdemucs.progress import track
from hdemucs.study.effective import of_variant, read, stages, trainings
from hdemucs.study.params import read_params
from hdemucs.training.processes import Processes

START = 15.0  # seconds from a free place to a training at work; 1 where nothing has to be imported
REQUEUE = 5.0  # assumed: sites hold jobs back for a few seconds to minutes
COLLECT = 10.0  # assumed: a stage of `dvc repro` that finds its training done
NODES = (1, 2, 4, 8, 16)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--scale", default="quick", help="of params.yaml: what is measured")
    variants = "how many variants studies have"
    parser.add_argument(
        "--variants", type=whole(1, 10**4), nargs="+", default=[4, 12, 30], help=variants
    )
    jobs = "that may run at once; cluster.yaml's array_parallelism if absent"
    parser.add_argument("--jobs", type=whole(1, 10**6), help=jobs)
    minutes = "that a job may take; cluster.yaml's if absent"
    parser.add_argument("--time-limit", type=whole(1, 10**6), metavar="MINUTES", help=minutes)
    hours = "of one training, instead of those measured"
    parser.add_argument("--hours", type=real(0.001, 10**5), help=hours)


def make(asked: Namespace, page: Path) -> None:
    """Measure each variant of the study, simulate, write the page."""
    params = read_params(Path("params.yaml"))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    slurm = load_cluster(Path.cwd()).slurm
    slurm = dataclasses.replace(
        slurm,
        array_parallelism=asked.jobs or slurm.array_parallelism,
        time=asked.time_limit or slurm.time,
    )
    slurm.check("hdemucs bench scale")
    found = read({**params, "scale": asked.scale})
    costs = {
        name: cost(found, name, asked.scale, device) for name in track(params["study"], "variants")
    }
    if asked.hours is not None:
        costs = {k: Variant(asked.hours * HOUR, v.scoring) for k, v in costs.items()}
    text = "\n".join(lines(costs, asked, slurm, describe(device)))
    write_text(page, text + "\n")


def cost(found: Any, name: str, scale: str, device: torch.device) -> Variant:
    """By a real training step, and some seconds of separation and scoring."""
    base = stages(found, scale)
    files = of_variant(name, base, trainings(found, scale))
    content = files[f"train/{name}.json"]
    config = validated(content, TrainConfig, name)
    how = validated(files[f"separation/{name}.json"], EstimationConfig, name)
    songs = songs_of(base)
    made: Preflight = preflight(
        config, Processes(WHOLE, device), Path.cwd(), data_of(config, base), None
    )
    metrics = validated(base["evaluate"], EvaluationConfig, "evaluate").metrics
    system = System(name, (Network(config.model, Basis.VARIANT),), how)
    (hours,) = Stopwatch(songs, metrics, device).hours([system])
    return Variant(made.hours * HOUR, (hours.scores + hours.excerpts) * HOUR)


def songs_of(base: Any) -> TestSet:
    """As many test songs as the scale has, of the embedded corpus or of MUSDB18-HQ."""
    fetch = base["fetch"]
    tracks, each = counts(fetch)
    return TestSet(
        name="the scale's", songs=tracks["test"], seconds=tracks["test"] * each,
        excerpts=len(fetch["sources"]) * base["excerpts"]["per_source"],
        excerpt=base["excerpts"]["seconds"],
        sources=tuple(fetch["sources"]), rate=fetch["sample_rate"], channels=fetch["channels"],
    )  # fmt: skip


def counts(fetch: Any) -> tuple[dict[str, int], float]:
    """Songs of each split, and seconds of one: about 4 min in MUSDB18-HQ."""
    corpus = fetch["data"].get("corpus")
    return (corpus, corpus["seconds"]) if corpus else (fetch["data"]["tracks"], 240.0)


def data_of(config: TrainConfig, base: Any) -> Data:
    """Steps of an epoch by 1-s starts of segments, and seconds of validation songs."""
    tracks, each = counts(base["fetch"])
    training = config.training
    starts = int((each - training.segment) / getattr(training.mixing, "stride", 1.0)) + 1
    return Data(max(1, tracks["train"] * starts // training.batch), tracks["valid"] * each)


def cluster_of(slurm: SlurmConfig, nodes: int) -> Cluster:
    """cluster.yaml's jobs, on so many nodes."""
    limit = 60.0 * slurm.time - slurm.signal_delay
    return Cluster(nodes, slurm.array_parallelism, limit, START, REQUEUE, COLLECT)


def lines(
    costs: dict[str, Variant], asked: Namespace, slurm: SlurmConfig, device: str
) -> Iterator[str]:
    """The page."""
    yield "# What a study costs and takes\n"
    yield (
        "Made by `hdemucs bench scale`. Steps, validation, separation and scoring of the\n"
        f"{asked.scale} scale's variants were measured on {device} ({os.cpu_count()} cores,\n"
        f"{platform.machine()}, torch {torch.__version__}) as `hdemucs preflight` does.\n"
        "The course of a study on nodes like this machine is simulated: all trainings are\n"
        "submitted at once, one to a node, and scored by the client in the variants' order, while\n"
        "others train.\n"
    )
    yield "| variant | training, h | separating and scoring, h |\n|---|---:|---:|"
    for name, one in costs.items():
        yield f"| {name} | {one.training / HOUR:.3g} | {one.scoring / HOUR:.2g} |"
    yield (
        f"\nA job may take {slurm.time} min and is warned {slurm.signal_delay} s before; at most\n"
        f"{slurm.array_parallelism} run at once. {START:g} s pass from a free node\n"
        f"to the first step, {REQUEUE:g} s until a stopped job is queued again, and the\n"
        f"client needs {COLLECT:g} s to collect a training. The queue holds nobody else's jobs,\n"
        "and takes all that are submitted.\n"
    )
    yield "| variants | nodes | hours | node-hours | nodes at work | queued again |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for count in asked.variants:
        yield from rows(list(islice(cycle(costs.values()), count)), slurm)
    yield (
        "\nVariants beyond the study's own are taken to cost what these do, in turn. Where more\n"
        "nodes help no more, the client's scoring is what is waited for: `scoring:` of\n"
        "cluster.yaml moves it to the nodes.\n"
    )
    yield (
        "The simulation is held against the real three-node cluster of tests/slurm: its\n"
        "undisturbed study must take as long as simulated from how long jobs took to start and to\n"
        "train there, within a quarter."
    )


def rows(variants: Sequence[Variant], slurm: SlurmConfig) -> Iterator[str]:
    for nodes in NODES:
        course = simulated(variants, cluster_of(slurm, nodes))
        work = course.busy / (nodes * max(course.trained))
        yield (
            f"| {len(variants)} | {nodes} | {course.seconds / HOUR:.3g} | "
            f"{course.busy / HOUR:.3g} | {100 * work:.0f} % | {course.requeues} |"
        )
