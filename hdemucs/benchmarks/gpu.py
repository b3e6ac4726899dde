"""Time and memory of training, separation and scoring on a GPU, and of the official code."""

from __future__ import annotations

import dataclasses
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from hdemucs.benchmarks.gpu_page import OFFICIAL, PLAIN, SEEDS, Asked, Found, text
from hdemucs.benchmarks.gpu_work import (
    Apart,
    Setting,
    Size,
    agreement,
    curve,
    floors,
    measured_peaks,
    scored,
    seconds_learnt,
    separated,
    stepped,
)
from hdemucs.benchmarks.isolated import Failed, Isolated
from hdemucs.benchmarks.official_step import installed
from hdemucs.bounded import real, whole
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params

VARIANTS = {"hybrid": "hybrid", "waveform": "waveform", "v2": "v2_hq"}  # names in params.yaml
BF16 = Setting("bf16", bf16=True)
COMPILED = Setting("bf16, compiled layers", bf16=True, compile=True)
LAST = Setting("bf16, channels last", bf16=True, channels_last=True)
GRAPH = Setting("bf16, CUDA graphs", bf16=True, graph=True)
SPECIAL = ("compiled layers", "channels last", "CUDA graphs")
CURVE_SEGMENT, CURVE_BATCH = 3.0, 4  # of the loss curves, at any scale
CHECKED = 3.0  # seconds of the examples for which results are compared with the CPU's
DECIBELS = 1e-3  # largest difference of BSSEval on the device from the CPU's
SMALLEST_SHIFT = 11  # shorter segments have the paper's share of shift: 1 s of 11


def arguments(parser: ArgumentParser) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help="as torch names it")
    parser.add_argument("--scale", default="paper", help="of params.yaml: the models' size")
    of_eight = "examples of a step (%(default)s: a GPU's share of 64 on the paper's 8)"
    parser.add_argument("--batch", type=whole(1, 4096), default=8, help=of_eight)
    segment = "seconds read for an example; the scale's if absent"
    parser.add_argument("--segment", type=real(0.2, 600), help=segment)
    parser.add_argument("--steps", type=whole(1, 1000), default=10, help="timed, of each setting")
    parser.add_argument("--curve", type=whole(1, 10**5), default=200, help="steps of a loss curve")
    parser.add_argument("--song", type=real(2, 3600), default=60.0, help="seconds separated")
    skip = "settings that are left out (compiling takes minutes)"
    parser.add_argument("--without", action="append", choices=SPECIAL, default=[], help=skip)
    parser.add_argument("--minutes", type=real(0.1, 600), default=9.5, help="for everything")


def make(asked: Namespace, page: Path) -> None:
    """Measure, and write the page.

    Raises:
        UserError: there is no such device, or its results differ from the CPU's.
    """
    size = Size(hold_device(asked.device), asked.steps, asked.song)
    configs = {name: configuration(variant, asked) for name, variant in VARIANTS.items()}
    began = time.monotonic()
    with Isolated() as isolated:
        measuring = Measuring(size, began + 60 * asked.minutes, isolated, asked.without)
        measuring.everything(configs, asked.curve)
    found, hybrid = measuring.found, configs["hybrid"]
    of = Asked(
        asked.device, asked.scale, asked.batch, seconds_learnt(hybrid), asked.steps, asked.curve,
        asked.song,
    )  # fmt: skip
    write_text(page, text(found, of, (time.monotonic() - began) / 60))
    wrong = [check.what for check in found.checks if not check.kept]
    if wrong:
        problem = f"results on {size.device} are not the CPU's: {', '.join(wrong)}"
        raise UserError(page, problem, "read its table before training on this machine")


def hold_device(name: str) -> str:
    """Check that a device can be used, and return its name.

    Raises:
        UserError: it cannot.
    """
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        problem = f"is not to be had ({str(error).splitlines()[0]})"
        raise UserError(f"--device {name}", problem, "take cpu") from error
    return name


def configuration(variant: str, asked: Namespace) -> TrainConfig:
    """A variant's training with one GPU's batch, without repitching, which reading processes do."""
    content = train_configuration(read_params(Path("params.yaml")), asked.scale, variant)
    config = validated(content, TrainConfig, "params.yaml")
    group = config.training.mixing.remix or 1
    if asked.batch % group:
        raise UserError(f"--batch {asked.batch}", f"is no multiple of {group}", f"take {2 * group}")
    return sized(config, asked.segment or config.training.segment, asked.batch)


def sized(config: TrainConfig, segment: float, batch: int) -> TrainConfig:
    """The same for other sizes; shifts never take a larger share of a segment than in the paper."""
    mixing = config.training.mixing
    shift = min(mixing.shift, segment / SMALLEST_SHIFT)
    mixing = dataclasses.replace(mixing, shift=shift, repitch=None)
    training = dataclasses.replace(
        config.training, segment=segment, batch=batch, mixing=mixing, bf16=False, compile=False
    )
    return dataclasses.replace(config, training=training)


@dataclass
class Measuring:
    """Does pieces of work one after the other; those that fail or have no time are reported."""

    size: Size
    ends: float  # by time.monotonic
    isolated: Isolated
    without: list[str]
    found: Found = field(default_factory=Found)

    def everything(self, configs: dict[str, TrainConfig], count: int) -> None:
        """Measure in order of importance; compiling, which may take minutes, comes last."""
        hybrid = configs["hybrid"]
        self.found.peaks = self.get("peaks of the device", 60, measured_peaks, self.size.device)
        for name, config in configs.items():
            self.agree(name, config)
            for setting in settings(name):
                self.step(name, config, setting, 60)
            self.floor(name, config)
        self.separations(hybrid)
        self.scores(hybrid)
        self.curves(hybrid, count, [PLAIN, BF16])
        for name, config in configs.items():
            self.step(name, config, COMPILED, 150)
        self.curves(hybrid, count, [COMPILED])

    def get(self, what: str, limit: int, function: Callable[..., Any], *given: Any) -> Any:
        """The function's result within `limit` seconds; None if it has none."""
        left = self.ends - time.monotonic()
        print(f"{what} ...", flush=True)
        try:
            if left <= 0:
                raise Failed("no time was left")
            return self.isolated.do(min(float(limit), left), function, *given)
        except Failed as error:
            self.found.failed.append(f"{what}: {error}")
            print(self.found.failed[-1], flush=True)
            return None

    def agree(self, name: str, config: TrainConfig) -> None:
        short = sized(config, min(CHECKED, config.training.segment), config.training.batch)
        checks = self.get(f"{name}: beside the CPU", 90, agreement, short, self.size.device)
        self.found.checks += checks or []

    def step(self, name: str, config: TrainConfig, setting: Setting, limit: int) -> None:
        if self.skipped(setting):
            return
        one = self.get(f"{name}: {setting.name}", limit, stepped, config, setting, self.size)
        if one is not None:
            self.found.steps[name, setting.name] = one

    def skipped(self, setting: Setting) -> bool:
        return any(word in setting.name for word in self.without)

    def floor(self, name: str, config: TrainConfig) -> None:
        if self.found.peaks is not None:
            given = (config, self.found.peaks, self.size)
            self.found.floors[name] = self.get(f"{name}: operations", 60, floors, *given) or {}

    def separations(self, config: TrainConfig) -> None:
        theirs = [("official", "fp32")] if installed() else []
        for who, precision in [*theirs, ("ours", "fp32"), ("ours", "bf16")]:
            what = f"separation, {who}, {precision}"
            one = self.get(what, 60, separated, config, who, precision, self.size)
            if one is not None:
                self.found.separations[who, precision] = one

    def scores(self, config: TrainConfig) -> None:
        self.found.scores = self.get("BSSEval", 90, scored, config, self.size)
        if self.found.scores is not None:
            self.found.checks.append(Apart("BSSEval", self.found.scores[2], DECIBELS, "dB"))

    def curves(self, config: TrainConfig, count: int, asked: list[Setting]) -> None:
        """Loss curves: fp32 from two seeds, and the other settings from the first seed."""
        config = sized(config, min(CURVE_SEGMENT, config.training.segment), CURVE_BATCH)
        for setting in asked:
            for seed in SEEDS if setting == PLAIN else SEEDS[:1]:
                what = f"{setting.name}, seed {seed}"
                if not self.skipped(setting):
                    given = (config, setting, seed, count, self.size.device)
                    losses = self.get(f"losses: {what}", 120, curve, *given)
                    self.found.curves |= {what: losses} if losses is not None else {}


def settings(name: str) -> list[Setting]:
    """The settings to measure; only the hybrid has 2-D convolutions, whose layout matters."""
    theirs = [OFFICIAL] if installed() else []
    return [*theirs, PLAIN, BF16, GRAPH, *([LAST] if name == "hybrid" else [])]
