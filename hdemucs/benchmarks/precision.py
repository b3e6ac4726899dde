"""Losses and speed with bf16 and compiled layers, on a GPU if there is one, else on one core."""

from __future__ import annotations

import dataclasses
import platform
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.segments import Segments
from hdemucs.data.share import WHOLE
from hdemucs.files import write_text
from hdemucs.memory import keep_freed_memory
from hdemucs.models.family import build
from hdemucs.progress import track
from hdemucs.runs.songs import songs
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params
from hdemucs.training.learner import Learner
from hdemucs.training.processes import Processes

STEPS, SECONDS, BATCH = 100, 2.0, 4
SWITCHES = {
    "fp32": (False, False),
    "bf16": (True, False),
    "compiled": (False, True),
    "bf16, compiled": (True, True),
}


@dataclass(frozen=True)
class Training:
    """The results for one setting of the switches."""

    losses: list[float]
    first: float  # seconds of the first step
    step: float  # median seconds of the second half of the steps


def configuration(variant: str, switches: tuple[bool, bool]) -> TrainConfig:
    """The quick scale's configuration without shifts, which would shorten segments further."""
    params = read_params(Path("params.yaml"))
    config = validated(train_configuration(params, "quick", variant), TrainConfig, "params.yaml")
    mixing = dataclasses.replace(config.training.mixing, shift=0.0)
    bf16, compiled = switches
    training = dataclasses.replace(
        config.training, mixing=mixing, bf16=bf16, compile=compiled, batch=BATCH
    )
    return dataclasses.replace(config, training=training)


def batches(rate: int) -> Iterator[Tensor]:
    """The same batches for every setting."""
    manifest, root = songs()
    length = int(SECONDS * rate)
    segments = Segments(root, manifest, "train", length, length // 2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        chosen = torch.randint(len(segments), (BATCH,), generator=generator).tolist()
        yield torch.as_tensor(segments.batch(chosen))


def trained(variant: str, name: str, examples: list[Tensor], device: torch.device) -> Training:
    """Train the model from the same weights on the same batches."""
    config = configuration(variant, SWITCHES[name])
    learner = Learner(build(config.model, config.training.seed), config, Processes(WHOLE, device))
    losses, seconds = [], []
    for stems in track(examples, f"{variant}, {name}"):
        start = time.perf_counter()
        losses.append(learner.step(stems).loss.item())  # waits for the GPU
        seconds.append(time.perf_counter() - start)
    late = sorted(seconds[STEPS // 2 :])
    return Training(losses, seconds[0], late[len(late) // 2])


def row(variant: str, name: str, found: Training, plain: Training) -> str:
    apart = [abs(a - b) / b for a, b in zip(found.losses, plain.losses, strict=True)]
    end = sum(found.losses[-20:]) / sum(plain.losses[-20:]) - 1
    return (
        f"| {variant} | {name} | {max(apart):.1e} | {end:+.1e} | "
        f"{found.step / plain.step:.2f} | {found.first:.0f} |"
    )


def arguments(_parser: ArgumentParser) -> None:
    """No options."""


def make(_asked: Namespace, page: Path) -> None:
    """Train each model four times and write the page."""
    torch.set_num_threads(1)
    keep_freed_memory()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rows, counts = [], []
    for variant in ("hybrid", "waveform"):
        config = configuration(variant, SWITCHES["fp32"])
        examples = list(batches(config.sample_rate))
        found = {name: trained(variant, name, examples, device) for name in SWITCHES}
        rows += [row(variant, name, each, found["fp32"]) for name, each in found.items()]
        counts.append(
            f"{len(list(build(config.model, 0).compile_units()))} layers of the {variant} model"
        )
    place = torch.cuda.get_device_name() if device.type == "cuda" else platform.machine() + " core"
    write_text(page, PAGE.format(
        rows="\n".join(rows), steps=STEPS, batch=BATCH, seconds=SECONDS, place=place,
        torch=torch.__version__, counts=" and ".join(counts),
    ))  # fmt: skip


PAGE = """# bf16 and compiled layers beside plain fp32

The quick scale's models, {steps} steps from the same weights on the same batches ({batch} segments
of {seconds:g} s of the study's songs, augmented alike, penalty included), on one {place}, torch
{torch}. Made by `hdemucs bench precision` in one run. Losses are compared with
fp32's step by step (the largest difference) and over the last 20 steps (the sum's); time is a
step's median after the first half.

| model | switches | largest difference | of the last 20 | time over fp32's | first step, s |
|---|---|---|---|---|---|
{rows}

- `training.bf16` is autocast around the network: STFT, inverse STFT, resampling, loss, penalty,
  optimiser and averages stay in 32 bits, and so do the weights.
- `training.compile` compiles layer by layer ({counts}) and leaves
  STFT and LSTMs to torch. Compiled whole, a small hybrid had not made its first step after 240 s,
  and every LSTM broke the graph. The first step waits for a C++ compiler the first time; later runs
  on the same machine find its work in inductor's cache.
- Validation and checkpoints use the model that is not compiled: same weights, same names, and
  the state of a run with either switch continues in one without (a test does so).
- On this core neither is worth it: these models are convolutions, LSTMs and memory, and the other
  work on the machine shows in the ratios. The switches are for GPUs, not measured here.
"""
