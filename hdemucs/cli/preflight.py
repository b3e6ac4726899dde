"""Make one real training step at full size: its memory, speed, hours, disk space and requeues.

Then measure, on some seconds of noise, the hours of separating and scoring the test songs, for the
named variants or the whole study, including released models.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from hdemucs.bounded import real
from hdemucs.cli.networks import system
from hdemucs.config.evaluation import EvaluationConfig, MetricsConfig
from hdemucs.config.listening import ExcerptsConfig
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import Manifest, load_manifest
from hdemucs.data.musdb18 import COUNTS, MUSDB18_HQ
from hdemucs.data.share import WHOLE
from hdemucs.errors import UserError
from hdemucs.listening.selection import check_lengths
from hdemucs.preflight.forecast import Data, check, describe, preflight
from hdemucs.preflight.scoring import Stopwatch, TestSet, table
from hdemucs.runs.workspace import Workspace
from hdemucs.study.effective import read, stages, train_configuration
from hdemucs.study.params import Tree, read_params
from hdemucs.training.learner import mixing_of
from hdemucs.training.processes import Processes, joined
from hdemucs.workers import jobs

# MUSDB18-HQ: songs of about 4 min; training examples start every second and last 11 s.
PAPER_EXAMPLES, PAPER_VALID, PAPER_TEST = 86 * 225, 14 * 240.0, 50 * 240.0
LONGEST = 90.0  # days; the paper's trainings took at most 3, on 8 GPUs
HOURS, DAYS = real(0.01, 10_000), real(0.001, 10_000)


def arguments(parser: argparse.ArgumentParser) -> None:
    named = "names of params.yaml:variants; none: the study's test set, and no training"
    parser.add_argument("variant", nargs="*", help=named)
    parser.add_argument("--scale", help="paper, released or quick; default: that of params.yaml")
    parser.add_argument("--time-limit", type=HOURS, metavar="HOURS", help="of one job")
    longest = f"refuse a run that takes longer ({LONGEST:g})"
    parser.add_argument("--longest", type=DAYS, metavar="DAYS", default=LONGEST, help=longest)


def run(args: argparse.Namespace) -> None:
    """Print what was found, even if it means that the run is refused."""
    params = read_params(Path("params.yaml"))
    scale = args.scale or params["scale"]
    home = Workspace(Path.cwd()).home
    names = args.variant or params["study"]
    systems = [system(name, params, scale, home) for name in names]
    with joined() as processes:
        for name in args.variant:
            if "family" in params["variants"][name] or "fine_tune" in params["variants"][name]:
                training(name, params, scale, processes, args)
        if processes.first:
            songs, metrics = test_set(stages(read({**params, "scale": scale}), scale))
            found = Stopwatch(songs, metrics, processes.device).hours(systems)
            device = describe(processes.device)
            if processes.device.type == "cpu":
                threads = params["base"]["estimation"]["threads"]
                device = f"{jobs()} cores, {threads} a model; models and songs side by side"
            print("\n".join(table(found, songs, scale, device)), flush=True)


def training(
    name: str, params: Tree, scale: str, processes: Processes, args: argparse.Namespace
) -> None:
    """Make a step of a variant's training, and check whether its run is possible."""
    config = validated(train_configuration(params, scale, name), TrainConfig, f"variants.{name}")
    home = Workspace(Path.cwd()).home
    found = preflight(config, processes, home, data(config), args.time_limit)
    if processes.first:
        print("\n".join([f"{name} at the {scale} scale", *found.lines()]), flush=True)
    check(found, config, home, args.longest)


def test_set(base: Tree) -> tuple[TestSet, MetricsConfig]:
    """The test songs, and how they are scored; `base` is that of a scale."""
    metrics = validated(base["evaluate"], EvaluationConfig, "evaluate").metrics
    fetch, sources = base["fetch"], tuple(base["fetch"]["sources"])
    excerpts = validated(base["excerpts"], ExcerptsConfig, "excerpts")
    manifest = recorded(fetch["sample_rate"])
    if manifest is None:
        name, songs, seconds = f"{MUSDB18_HQ}'s size", COUNTS["test"], PAPER_TEST
    else:
        check_lengths(excerpts, manifest)
        tracks = manifest.split("test")
        name, songs, seconds = manifest.name, len(tracks), sum(t.seconds for t in tracks)
    return TestSet(
        name=name,
        songs=songs,
        seconds=seconds,
        excerpts=len(sources) * excerpts.per_source,
        excerpt=excerpts.seconds,
        sources=sources,
        rate=fetch["sample_rate"],
        channels=fetch["channels"],
    ), metrics


def recorded(rate: int) -> Manifest | None:
    """The manifest of the fetched data, if they have this rate."""
    try:
        manifest = load_manifest(Path("data/manifest.json"))
    except UserError:
        return None
    return manifest if manifest.sample_rate == rate else None


def data(config: TrainConfig) -> Data:
    """Sizes of the present data if they have the study's rate, otherwise of MUSDB18-HQ."""
    training, rate = config.training, config.sample_rate
    manifest = recorded(rate)
    if manifest is None:
        return Data(PAPER_EXAMPLES // training.batch, PAPER_VALID)
    mixing = mixing_of(config, Processes(WHOLE, torch.device("cpu")))
    examples = mixing.count(track.frames for track in manifest.split("train"))
    valid = sum(track.frames for track in manifest.split("valid")) / rate
    return Data(max(1, examples // training.batch), valid)
