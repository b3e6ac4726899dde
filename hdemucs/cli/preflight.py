"""One real training step at the real size: memory, speed, hours, disk, requeues."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import load_manifest
from hdemucs.data.segments import count_starts
from hdemucs.errors import Refusal
from hdemucs.runs.workspace import Workspace
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params
from hdemucs.training.preflight import preflight
from hdemucs.training.processes import joined

PAPER_EXAMPLES = 86 * 225  # MUSDB18-HQ's training songs, by 1-s starts of 11 s: about 4 min each


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variant", help="a name of params.yaml:variants")
    parser.add_argument("--scale", help="quick or paper; params.yaml's if absent")
    parser.add_argument("--time-limit", type=float, metavar="HOURS", help="of one job")


def run(args: argparse.Namespace) -> None:
    params = read_params(Path("params.yaml"))
    scale = args.scale or params["scale"]
    content = train_configuration(params, scale, args.variant)
    config = validated(content, TrainConfig, f"variants.{args.variant}")
    here = Workspace(Path.cwd())
    with joined() as processes:
        found = preflight(config, processes, here.home, steps(config), args.time_limit)
    print("\n".join([f"{args.variant} at the {scale} scale", *found.lines()]))


def steps(config: TrainConfig) -> int:
    """Of an epoch; by the data that is there if it has the study's rate, else as MUSDB18-HQ has."""
    training, rate = config.training, config.sample_rate
    try:
        manifest = load_manifest(Path("data/manifest.json"))
    except Refusal:
        manifest = None
    if manifest is None or manifest.sample_rate != rate:
        return PAPER_EXAMPLES // training.batch
    segment, stride = int(training.segment * rate), int(training.stride * rate)
    examples = sum(count_starts(t.frames, segment, stride) for t in manifest.split("train"))
    return max(1, examples // training.batch)
