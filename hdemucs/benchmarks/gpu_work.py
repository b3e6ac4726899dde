"""The measurements of the GPU's page, each a function that another process can call.

Weights and stems are invented, so that a machine without data, DVC or musdb can run them.
"""

from __future__ import annotations

import dataclasses
import gc
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.benchmarks.official_step import OfficialStep, official_model
from hdemucs.benchmarks.roofline import Peaks, floor, layers, peaks, rounding, seconds
from hdemucs.config.separation import SeparationConfig
from hdemucs.config.training import TrainConfig
from hdemucs.data.share import WHOLE
from hdemucs.metrics.bsseval.evaluate import bsseval
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import build
from hdemucs.preflight.device_memory import forget_peak, peak
from hdemucs.separation.precision import in_precision
from hdemucs.separation.system import separate_by
from hdemucs.training.learner import Learner
from hdemucs.training.processes import Processes

WARM = 3  # untimed steps before the timed ones
PENALTIES = 3  # how often the penalty alone is timed
HOW = SeparationConfig(segment=44.0, overlap=0.25, shifts=1, max_shift=0.5)  # the paper's settings

Batch = Float[Tensor, "batch source channel sample"]


@dataclass(frozen=True)
class Setting:
    """How a training step is done."""

    name: str
    official: bool = False
    bf16: bool = False
    compile: bool = False
    channels_last: bool = False
    graph: bool = False


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    device: str
    steps: int
    song: float  # seconds of audio that are separated and scored


@dataclass(frozen=True)
class Stepped:
    """The cost of training steps."""

    seconds: float  # median
    spread: tuple[float, float]  # fastest and slowest
    first: float  # seconds of the first step, including compilers
    memory: float  # GiB at the peak
    penalty: float  # seconds of the penalty alone; 0: there is none
    loss: float  # of the last step


@dataclass(frozen=True)
class Apart:
    """How far results are from the CPU's."""

    what: str
    error: float
    tolerance: float
    unit: str = "relative"

    @property
    def kept(self) -> bool:
        return self.error <= self.tolerance  # false for NaN


def made_up(config: TrainConfig, count: int, seed: int) -> Iterator[Batch]:
    """Invented batches of stems: each source is a swelling chord in its own octave, plus noise."""
    generator = torch.Generator().manual_seed(seed)
    rate, training = config.sample_rate, config.training
    time = torch.arange(int(training.segment * rate)) / rate
    size = (training.batch, len(config.sources), config.model.audio_channels, 1)
    octaves = 2.0 ** torch.arange(len(config.sources))[:, None, None]
    for _ in range(count):
        pitch, swell, noise, loud = (torch.rand(size, generator=generator) for _ in range(4))
        tone = sum(torch.sin(2 * math.pi * 55 * octaves * (1 + pitch) * k * time) / k
                   for k in (1, 2, 3))  # fmt: skip
        rise = 1 + torch.sin(2 * math.pi * (0.5 + 4 * swell) * time)
        hiss = torch.randn(*size[:-1], len(time), generator=generator)
        yield (0.2 + loud) * (0.3 * rise * tone + 0.2 * noise * hiss)


def learner_of(config: TrainConfig, setting: Setting, device: torch.device) -> Learner:
    """The learner of our training, with this setting."""
    training = dataclasses.replace(config.training, bf16=setting.bf16, compile=setting.compile)
    config = dataclasses.replace(config, training=training)
    learner = Learner(build(config.model, training.seed), config, Processes(WHOLE, device))
    if setting.channels_last:
        learner.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if setting.graph:
        capture(learner, config, device)
    return learner


def capture(learner: Learner, config: TrainConfig, device: torch.device) -> None:
    """Capture the network's forward and backward passes as CUDA graphs; shapes must not change."""
    if device.type != "cuda":
        raise ValueError("there are no CUDA graphs without CUDA")
    stems = next(made_up(config, 1, 0)).to(device)
    for augmentation in learner.augmentations:
        stems = augmentation(stems)
    mix = stems.sum(1)
    with torch.autocast("cuda", torch.bfloat16, enabled=learner.bf16, cache_enabled=False):
        torch.cuda.make_graphed_callables(learner.model, (mix,), allow_unused_input=True)


def stepped(config: TrainConfig, setting: Setting, size: Size) -> Stepped:
    """Time training steps on the same few batches."""
    device = torch.device(size.device)
    batches = list(made_up(config, 2, 0))
    gc.collect()
    forget_peak(device)
    made: Any = (
        OfficialStep(config, device) if setting.official else learner_of(config, setting, device)
    )
    losses: list[Tensor] = []

    def step() -> None:
        outcome = made.step(batches[len(losses) % len(batches)])
        losses.append(outcome if setting.official else outcome.loss)

    took = [seconds(step, device) for _ in range(1 + WARM + size.steps)]
    memory, penalty, late = peak(device), 0.0, took[1 + WARM :]
    if config.training.penalty:
        alone = made.penalise if setting.official else made.penalty.descend
        penalty = median(seconds(alone, device) for _ in range(PENALTIES))
    spread = (min(late), max(late))
    return Stepped(median(late), spread, took[0], memory, penalty, losses[-1].item())


def floors(config: TrainConfig, found: Peaks, size: Size) -> dict[str, float]:
    """The least seconds for a step's layers, by precision."""
    device, samples = torch.device(size.device), learnt(config)
    model = build(config.model, 0).to(device)
    work = layers(model, torch.randn(1, config.model.audio_channels, samples, device=device))
    batch = config.training.batch
    whole = [dataclasses.replace(w, flops=w.flops * batch, numbers=w.numbers * batch) for w in work]
    return {
        "fp32": floor(whole, found.tf32, found.bandwidth, 4),
        "bf16": floor(whole, found.bf16, found.bandwidth, 2),
    }


def seconds_learnt(config: TrainConfig) -> float:
    """The seconds of an example that remain after augmentation."""
    return config.training.segment - config.training.mixing.shift


def learnt(config: TrainConfig) -> int:
    """The samples of an example that remain after augmentation."""
    return int(seconds_learnt(config) * config.sample_rate)


def measured_peaks(device: str) -> Peaks:
    return peaks(torch.device(device))


def curve(config: TrainConfig, setting: Setting, seed: int, count: int, device: str) -> list[float]:
    """Losses of training on the same batches, with weights and augmentations from a seed."""
    training = dataclasses.replace(config.training, seed=seed)
    config = dataclasses.replace(config, training=training)
    learner = learner_of(config, setting, torch.device(device))
    losses = [learner.step(stems).loss for stems in made_up(config, count, 1)]
    return torch.stack(losses).tolist()


def song_of(config: TrainConfig, length: float) -> Float[Tensor, "source channel sample"]:
    """The stems of one song."""
    training = dataclasses.replace(config.training, segment=length, batch=1)
    return next(made_up(dataclasses.replace(config, training=training), 1, 2))[0]


def separated(config: TrainConfig, who: str, precision: str, size: Size) -> tuple[float, float]:
    """Seconds of audio that are separated per second, without transfers; GiB at the peak."""
    device = torch.device(size.device)
    mix = song_of(config, size.song).sum(0).to(device)
    gc.collect()
    forget_peak(device)
    work = theirs(config, mix) if who == "official" else ours(config, mix, precision)
    took = [seconds(work, device) for _ in range(3)]
    return size.song / median(took[1:]), peak(device)


def ours(config: TrainConfig, mix: Tensor, precision: str) -> Callable[[], object]:
    ensemble = Ensemble([build(config.model, 0)])
    ensemble = in_precision(ensemble, precision).eval().to(mix.device)

    def work() -> None:
        generator = torch.Generator().manual_seed(0)
        separate_by(ensemble, mix, config.sample_rate, HOW, lambda _: generator)

    return work


def theirs(config: TrainConfig, mix: Tensor) -> Callable[[], object]:
    apply: Any = import_module("demucs.apply").apply_model
    model = official_model(config).eval().to(mix.device)
    asked = {"shifts": HOW.shifts, "overlap": HOW.overlap, "segment": HOW.segment}
    return lambda: apply(model, mix[None], **asked)


def scored(config: TrainConfig, size: Size) -> tuple[float, float, float]:
    """Seconds of BSSEval of a song on the device and on a CPU thread; largest difference in dB."""
    device, rate = torch.device(size.device), config.sample_rate
    truth = song_of(config, size.song).numpy()
    rng = np.random.default_rng(0)
    guess = truth + 0.1 * truth[::-1] + 0.05 * rng.standard_normal(truth.shape).astype(np.float32)
    found: dict[str, dict[str, np.ndarray]] = {}

    def on(where: torch.device) -> None:
        found[str(where)] = bsseval(truth, guess, rate, rate, device=where)

    seconds(lambda: on(device), device)  # warm-up
    there = seconds(lambda: on(device), device)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    here = seconds(lambda: on(cpu), cpu)
    torch.set_num_threads(before)
    pairs = [(found[str(device)][name], found["cpu"][name]) for name in found["cpu"]]
    return there, here, max(float(np.nanmax(np.abs(a - b))) for a, b in pairs)


def agreement(config: TrainConfig, device: str) -> list[Apart]:
    """Compare estimates, loss and gradients of one step with the CPU's, without TF32."""
    training = dataclasses.replace(config.training, batch=config.training.mixing.remix or 1)
    config = dataclasses.replace(config, training=training)
    stems = next(made_up(config, 1, 3))
    samples = learnt(config)
    with rounding(products=False, convolutions=False):
        here, there = (passed(config, stems[..., :samples], each) for each in ("cpu", device))
    named = (("estimates", 1e-4), ("loss", 1e-5), ("gradients", 1e-2))
    return [
        Apart(f"{config.variant}: {what}", apart(there[what], here[what]), tolerance)
        for what, tolerance in named
    ]


def passed(config: TrainConfig, stems: Batch, device: str) -> dict[str, Tensor]:
    """One forward and backward pass of the objective without random draws; results on the CPU."""
    setting = Setting("fp32")
    learner = learner_of(config, setting, torch.device(device))
    stems = stems[:1].to(device)
    estimates = learner.model(stems.sum(1)).detach()
    loss = learner.objective(stems)["total"]
    torch.autograd.backward(loss)
    grads = [p.grad.flatten() for p in learner.model.parameters() if p.grad is not None]
    found = {"estimates": estimates, "loss": loss.detach(), "gradients": torch.cat(grads)}
    return {name: tensor.cpu().double() for name, tensor in found.items()}


def apart(a: Tensor, b: Tensor) -> float:
    """The relative distance in the 2-norm."""
    return ((a - b).norm() / b.norm()).item()
