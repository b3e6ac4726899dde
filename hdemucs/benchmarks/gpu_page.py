"""Write the page of the GPU's measurements."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import version

import torch

from hdemucs.benchmarks.gpu_work import Apart, Setting, Stepped
from hdemucs.benchmarks.official_step import installed
from hdemucs.benchmarks.roofline import Peaks

OFFICIAL = Setting("official, fp32", official=True)
PLAIN = Setting("fp32")
SEEDS = (42, 43)  # of the loss curves
MEAN = 20  # steps of a curve's running mean
GOAL = 3.0  # wanted speed, as a multiple of the official step's


@dataclass
class Found:
    """All measurements; those that failed are missing."""

    peaks: Peaks | None = None
    steps: dict[tuple[str, str], Stepped] = field(default_factory=dict)  # variant, setting
    floors: dict[str, dict[str, float]] = field(default_factory=dict)
    separations: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    scores: tuple[float, float, float] | None = None
    curves: dict[str, list[float]] = field(default_factory=dict)
    checks: list[Apart] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """The settings of the measurements."""

    device: str
    scale: str
    batch: int
    samples: float  # seconds of an example that remain for training
    steps: int
    curve: int
    song: float


def distance(losses: list[float], others: list[float]) -> tuple[float, float]:
    """Relative distances: the largest between running means, and that between the last of them."""
    means = [torch.tensor(each).unfold(0, min(MEAN, len(each)), 1).mean(-1)
             for each in (losses, others)]  # fmt: skip
    far = (means[0] / means[1] - 1).abs()
    return far.max().item(), far[-1].item()


def text(found: Found, asked: Asked, minutes: float) -> str:
    """The text of the page."""
    device = torch.device(asked.device)
    cuda = device.type == "cuda"
    place = torch.cuda.get_device_name(device) if cuda else f"{os.cpu_count()} CPU cores"
    named = [name for name in ("torch", "demucs") if name == "torch" or installed()]
    return PAGE.format(
        place=place,
        asked=asked,
        minutes=minutes,
        goal=GOAL,
        mean=MEAN,
        machine=platform.machine(),
        python=platform.python_version(),
        versions=", ".join(f"{name} {version(name)}" for name in named),
        cuda=f", CUDA {torch.version.cuda}" if cuda else "",
        peaks=said_peaks(found.peaks),
        steps="\n".join(step_rows(found, asked.batch)),
        separations="\n".join(
            f"| {who}, {precision} | {factor:.1f} | {memory:.2f} |"
            for (who, precision), (factor, memory) in found.separations.items()
        ),
        scores=said_scores(found, asked.song),
        curves="\n".join(curve_rows(found)),
        checks="\n".join(
            f"| {c.what} | {c.error:.1e} | {c.tolerance:.0e} {c.unit} | "
            f"{'yes' if c.kept else '**no**'} |"
            for c in found.checks
        ),
        failed="\n".join(f"- {one}" for one in found.failed) or "- nothing",
    )


def said_peaks(found: Peaks | None) -> str:
    if found is None:
        return "not measured"
    tera = [f"{rate / 1e12:.3g} TFLOP/s in {name}" for rate, name in
            ((found.fp32, "fp32"), (found.tf32, "TF32"), (found.bf16, "bf16"))]  # fmt: skip
    return f"{', '.join(tera)}, {found.bandwidth / 1e9:.0f} GB/s"


def step_rows(found: Found, batch: int) -> list[str]:
    """One line per variant and setting."""
    rows = []
    for (name, setting), one in found.steps.items():
        base = found.steps.get((name, OFFICIAL.name))
        faster = f"{base.seconds / one.seconds:.2f}" if base else "-"
        least = found.floors.get(name, {}).get("bf16" if "bf16" in setting else "fp32")
        share = f"{100 * least / one.seconds:.0f} %" if least else "-"
        rows.append(
            f"| {name} | {setting} | {1e3 * one.seconds:.1f} | {1e3 * one.spread[0]:.1f} to "
            f"{1e3 * one.spread[1]:.1f} | {faster} | {batch / one.seconds:.1f} | "
            f"{one.memory:.2f} | {share} | {100 * one.penalty / one.seconds:.0f} % | "
            f"{one.first:.1f} |"
        )
    return rows


def said_scores(found: Found, song: float) -> str:
    if found.scores is None:
        return "Not measured."
    there, here, _ = found.scores
    return (
        f"All four metrics of four sources, a song of {song:g} s: {there:.2f} s on the device,\n"
        f"{here:.2f} s on one CPU thread ({here / there:.1f} times)."
    )


def curve_rows(found: Found) -> list[str]:
    """Each curve compared with that of fp32 and the first seed."""
    first = f"{PLAIN.name}, seed {SEEDS[0]}"
    base = found.curves.get(first)
    if base is None:
        return []
    rows = []
    for name, losses in found.curves.items():
        far, last = distance(losses, base)
        rows.append(f"| {name} | {losses[0]:.4f} | {losses[-1]:.4f} | {far:.1e} | {last:.1e} |")
    return rows


PAGE = """# Training, separation and scoring on {place}

Made by `hdemucs bench gpu` in one run of {minutes:.1f} minutes, on made-up stems and weights: no
data, DVC, musdb or museval is needed. Models of the {asked.scale} scale.
{machine}, Python {python}, {versions}{cuda}.

## A training step

{asked.batch} examples of {asked.samples:.3g} s; augmentations, penalty, optimiser and moving
averages included, reading is not. Medians of {asked.steps} steps, after some to warm up. The
official code is the step of demucs 4.1.0's solver. The goal is {goal:g} times its speed.

| model | setting | ms | from, to | speed-up | examples/s | GiB | roofline | penalty | first, s |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
{steps}

- Speed-up: the official step's time over this one's. First: the very first step, with compilers.
- fp32 is torch's default: cuDNN may round the factors of convolutions to TF32; so it may in the
  official code.
- Memory is the allocator's peak on a GPU, the whole process' on a CPU.
- Roofline: the share of a step in which its convolutions, linear layers and LSTMs could be done,
  each layer at the device's arithmetic or memory peak, whichever is later; a backward pass counts
  as two forward ones, and everything between these layers as fused into them. Peaks are those of
  this device in this run, of a large matrix product and a large copy:
  {peaks}.
- Penalty: its share of the step, timed alone.

## Separation

The hybrid on a song of {asked.song:g} s that is on the device, in segments of 44 s with a quarter
of overlap and one shift: seconds of audio in a second.

| | times real time | GiB |
|---|---:|---:|
{separations}

## BSSEval

{scores}

## Losses

{asked.curve} steps of the hybrid on the same batches. How far running means over {mean} steps
lie from those of fp32: at most, and at the end. The second seed says how far two trainings lie
apart anyway.

| | first loss | last | at most | at the end |
|---|---:|---:|---:|---:|
{curves}

## The same results as on a CPU

Without TF32; relative errors in the 2-norm.

| | error | tolerance | kept |
|---|---:|---:|---|
{checks}

## What was not measured

{failed}
"""
