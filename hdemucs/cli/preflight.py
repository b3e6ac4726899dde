"""One real training step at the real size: memory, speed, hours, disk, requeues."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from hdemucs.bounded import real
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import load_manifest
from hdemucs.data.share import WHOLE
from hdemucs.errors import UserError
from hdemucs.preflight.forecast import Data, check, preflight
from hdemucs.runs.workspace import Workspace
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params
from hdemucs.training.learner import mixing_of
from hdemucs.training.processes import Processes, joined

# MUSDB18-HQ: 86 training songs of about 4 min each, by 1-s starts of 11 s, and 14 for validation.
PAPER_EXAMPLES, PAPER_VALID = 86 * 225, 14 * 240.0
LONGEST = 90.0  # days; the paper's trainings took at most 3, on 8 GPUs
HOURS, DAYS = real(0.01, 10_000), real(0.001, 10_000)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variant", help="a name of params.yaml:variants")
    parser.add_argument("--scale", help="quick or paper; params.yaml's if absent")
    parser.add_argument("--time-limit", type=HOURS, metavar="HOURS", help="of one job")
    longest = f"refuse a run that takes longer ({LONGEST:g})"
    parser.add_argument("--longest", type=DAYS, metavar="DAYS", default=LONGEST, help=longest)


def run(args: argparse.Namespace) -> None:
    """What was found is printed even if it means that the run is refused."""
    params = read_params(Path("params.yaml"))
    scale = args.scale or params["scale"]
    content = train_configuration(params, scale, args.variant)
    config = validated(content, TrainConfig, f"variants.{args.variant}")
    home = Workspace(Path.cwd()).home
    with joined() as processes:
        found = preflight(config, processes, home, data(config), args.time_limit)
        if processes.first:
            print("\n".join([f"{args.variant} at the {scale} scale", *found.lines()]), flush=True)
        check(found, config, home, args.longest)


def data(config: TrainConfig) -> Data:
    """What is there if it has the study's rate, else as MUSDB18-HQ has."""
    training, rate = config.training, config.sample_rate
    try:
        manifest = load_manifest(Path("data/manifest.json"))
    except UserError:
        manifest = None
    if manifest is None or manifest.sample_rate != rate:
        return Data(PAPER_EXAMPLES // training.batch, PAPER_VALID)
    mixing = mixing_of(config, Processes(WHOLE, torch.device("cpu")))
    examples = mixing.count(track.frames for track in manifest.split("train"))
    valid = sum(track.frames for track in manifest.split("valid")) / rate
    return Data(max(1, examples // training.batch), valid)
