"""A training step on one CPU core, beside the official code's, for the study's Demucs variants.

Each code runs in a process of its own, as its users have it. The processes take turns, so that they
meet the same load; ratios are of neighbours.
"""

from __future__ import annotations

import os
import platform
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from hdemucs.benchmarks.gpu_work import Setting, learner_of, made_up
from hdemucs.benchmarks.isolated import Isolated
from hdemucs.benchmarks.official_step import OfficialStep, installed
from hdemucs.bounded import whole
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.memory import keep_freed_memory
from hdemucs.progress import track
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params

VARIANTS = ("hybrid", "spectrogram", "waveform", "v2_hq")
WARM = 3  # untimed steps of each kind
LIMIT = 3600.0  # seconds for one turn


@dataclass(frozen=True)
class Turn:
    """CPU seconds in one turn of one code: the medians of its steps."""

    step: float  # the whole update: augmentations, network, penalty, optimiser, averages
    network: float  # forward and backward pass alone


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--steps", type=whole(1, 1000), default=12, help="of each turn")
    parser.add_argument("--turns", type=whole(1, 99), default=5, help="of each code and variant")
    parser.add_argument("--scale", default="quick", help="of params.yaml: the models' size")


def make(asked: Namespace, page: Path) -> None:
    """Time both codes in turn, write the page.

    Raises:
        UserError: the official package is not here.
    """
    if not installed():
        raise UserError("demucs", "is not installed", "install demucs 4.1.0 beside this package")
    params, rows = read_params(Path("params.yaml")), []
    load = os.getloadavg()[0]
    for variant in VARIANTS:
        content = train_configuration(params, asked.scale, variant)
        config = validated(content, TrainConfig, "params.yaml")
        rows.append(row(variant, list(turns(config, asked))))
    table = "\n".join(rows)
    write_text(page, PAGE.format(
        rows=table, asked=asked, load=load, machine=platform.machine(), cores=os.cpu_count(),
        python=platform.python_version(), torch=torch.__version__, demucs=version("demucs"),
        cpu=torch.backends.cpu.get_cpu_capability(),
    ))  # fmt: skip


def turns(config: TrainConfig, asked: Namespace) -> Iterator[tuple[Turn, Turn]]:
    """Turns of both codes, the official one first."""
    for _ in track(range(asked.turns), config.variant):
        pair = []
        for official in (True, False):
            with Isolated() as process:
                pair.append(process.do(LIMIT, turn, config, official, asked.steps))
        yield pair[0], pair[1]


def turn(config: TrainConfig, official: bool, steps: int) -> Turn:  # noqa: FBT001  another process calls it
    """Time one code in this process, in one thread."""
    torch.set_num_threads(1)
    device = torch.device("cpu")
    if official:
        made: Any = OfficialStep(config, device)
    else:
        keep_freed_memory()  # as training does
        made = learner_of(config, Setting("ours"), device)
    batches = list(made_up(config, 2, 0))

    def network(stems: Tensor) -> None:
        made.model.zero_grad(set_to_none=True)
        torch.autograd.backward(F.l1_loss(made.model(stems.sum(1)), stems))

    return Turn(middle(made.step, batches, steps), middle(network, batches, steps))


def middle(work: Callable[[Tensor], object], batches: list[Tensor], steps: int) -> float:
    """The median of the CPU seconds of each call, after the first ones."""
    seconds = []
    for place in range(WARM + steps):
        began = time.process_time()
        work(batches[place % len(batches)])
        seconds.append(time.process_time() - began)
    return median(seconds[WARM:])


def row(variant: str, found: list[tuple[Turn, Turn]]) -> str:
    """One line of the table: medians of the turns, and the ratios' spread."""
    ratios = sorted(theirs.step / ours.step for theirs, ours in found)
    bare = median(theirs.network / ours.network for theirs, ours in found)
    theirs, ours = (median(pair[k].step for pair in found) for k in (0, 1))
    return (
        f"| {variant} | {theirs:.3f} | {ours:.3f} | {median(ratios):.2f} "
        f"| {ratios[0]:.2f} to {ratios[-1]:.2f} | {bare:.2f} |"
    )


PAGE = """# A training step on a CPU, beside the official code's

CPU seconds of one core for a whole update of the weights: augmentations, network, penalty,
optimiser, averages; batches of invented stems at the sizes of the scale {asked.scale}. Made by
`hdemucs bench step --steps {asked.steps} --turns {asked.turns}` in one run; the load average was
{load:.1f} when it began. Each code ran in a process of its own, {asked.turns} turns each,
alternately; a turn's time is the median of {asked.steps} steps. Speed-ups are of neighbouring
turns: their median, and the least and the greatest.

| variant | official, s | ours, s | speed-up | of a turn | network alone |
|---|---:|---:|---:|---:|---:|
{rows}

Both do the same arithmetic: from the same weights and batches, losses and weights after steps are
those of the official code up to rounding (`tests/training/test_official_step.py`). "Network alone"
is the forward and backward pass without penalty, augmentations and optimiser.

## What was done

- Freed memory is kept: by default, the C library gives big tensors back to the system, which clears
  their pages again for the next one. A quarter of a step.
- Resampling to and from twice the rate, as a product of matrices rather than as a convolution of
  one channel with 104 taps: 0.19 s to 0.04 s of a waveform model's step, 0.52 s to 0.35 s in all.
- Inverse STFT: parts of spectra become complex numbers and change places frame by frame in one pass
  each, windows are applied while frames are added, and both have gradients that are written out:
  a tenth of the hybrid's step. Means and deviations in plain sums rather than by
  `torch.std_mean`, which is not vectorised: 5 ms.
- The penalty follows its directions from step to step (see the page on the penalty).

## What did not pay

- Channels last in memory for every layer, as separation has it: the forward pass 13 % less, the
  backward pass 25 % more. Transposed convolutions gain (0.030 to 0.018 s for the outermost), but
  gates and gradients of 1 x 1 kernels lose more.
- Transposed convolutions as convolutions to four times the channels, then interleaved: 0.035 s
  rather than 0.030 s for the outermost.
- Gates with a gradient of their own: 3.1 ms rather than 2.8 ms.
- `torch.compile`: its start takes longer than it saves in a run of minutes.
- What is left is arithmetic: the hybrid's convolutions are 22 GFLOP a step, half of its time, and
  run at the speed that this core reaches in convolutions.

{machine}, {cpu}, {cores} cores, Python {python}, torch {torch}, demucs {demucs}.
"""
