"""A song to stems as a command: `hdemucs separate` beside the official one, with the same weights.

Each command runs alone in a process of its own, one after the other, in turns.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import torch

from hdemucs import audio
from hdemucs.benchmarks.official_step import installed
from hdemucs.bounded import real, whole
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.models.demucs.official.exporting import export_official
from hdemucs.models.family import build
from hdemucs.models.store import save_model
from hdemucs.progress import track
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params

NAME = "00000000"  # of the official model: eight hexadecimal digits
SEGMENT = 44  # seconds, of both
SHORT = 1.0  # seconds of the song that start-up is measured with
MIB = 1024  # KiB, the unit of ru_maxrss on Linux


@dataclass(frozen=True)
class Took:
    """What a command took."""

    wall: float  # seconds
    cpu: float
    memory: float  # MiB at the peak


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--seconds", type=real(1, 3600), default=240.0, help="of the song")
    parser.add_argument("--repeats", type=whole(1, 99), default=3, help="of every command")
    parser.add_argument("--variant", default="hybrid", help="of params.yaml")
    parser.add_argument("--scale", default="paper", help="of params.yaml: the model's size")


def make(asked: Namespace, page: Path) -> None:
    """Run every command in turn, write the page.

    Raises:
        UserError: the official package is not here, or a command failed.
    """
    if not installed():
        raise UserError("demucs", "is not installed", "install demucs 4.1.0 beside this package")
    content = train_configuration(read_params(Path("params.yaml")), asked.scale, asked.variant)
    config = validated(content, TrainConfig, "params.yaml")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder, config, asked.seconds)
        counts = sorted({1, os.cpu_count() or 1})
        found = {threads: measured(folder, threads, asked.repeats) for threads in counts}
    write_text(page, "\n".join(lines(found, asked, config, load)) + "\n")


def prepare(folder: Path, config: TrainConfig, seconds: float) -> None:
    """The model in both forms, and two songs."""
    facts = {"variant": config.variant, "sample_rate": config.sample_rate}
    save_model(folder / "model", build(config.model, 0), config.model, facts)
    (folder / "repo").mkdir()
    export_official(folder / "model", folder / "repo" / f"{NAME}.th")
    rng = np.random.default_rng(0)
    for name, length in (("song", seconds), ("short", SHORT)):
        shape = (config.model.audio_channels, int(length * config.sample_rate))
        noise = rng.normal(0, 0.1, shape).astype(np.float32)
        audio.write(folder / f"{name}.wav", noise, config.sample_rate)


def commands(folder: Path, song: str) -> Mapping[str, list[str]]:
    """By name; 24-bit stems, one random shift, a quarter of overlap."""
    path = str(folder / f"{song}.wav")
    common = [path, "--device", "cpu", "--segment", str(SEGMENT)]
    theirs = ["-m", "demucs.separate", "-n", NAME, "--repo", str(folder / "repo"), "--int24"]
    ours = ["-m", "hdemucs", "separate", "--model", str(folder / "model")]
    out = {name: str(folder / name) for name in ("official", "fp32", "bf16")}
    return {
        "official": [*theirs, "-o", out["official"], *common],
        "ours, fp32": [*ours, "--out", out["fp32"], *common],
        "ours, bf16": [*ours, "--out", out["bf16"], *common, "--precision", "bf16"],
    }


def measured(folder: Path, threads: int, repeats: int) -> dict[tuple[str, str], list[Took]]:
    """By command and song; the commands take turns, so that they meet the same load."""
    found: dict[tuple[str, str], list[Took]] = {}
    for _ in track(range(repeats), f"{threads} threads"):
        for song in ("short", "song"):
            for name, words in commands(folder, song).items():
                found.setdefault((name, song), []).append(run(words, threads))
    return found


def run(words: list[str], threads: int) -> Took:
    """
    Raises:
        UserError: the command failed.
    """
    # Ours is imported from where this is, wherever it is called.
    here = str(Path(__file__).parents[2])
    own = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "PYTHONPATH": here}
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, *words], env={**os.environ, **own}, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:]
            problem = f"failed: {''.join(last)}"
            raise UserError(f"python {' '.join(words[:3])}", problem, "run it by hand")
    wall = time.monotonic() - began
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB)


def lines(
    found: Mapping[int, Mapping[tuple[str, str], list[Took]]],
    asked: Namespace,
    config: TrainConfig,
    load: float,
) -> Iterator[str]:
    """The page."""
    yield "# A song to stems: `hdemucs separate` beside the official command"
    yield INTRODUCTION.format(asked=asked, rate=config.sample_rate, load=load)
    yield "| threads | command | s | CPU s | speed-up | CPU speed-up | start-up, s | peak, MiB |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|"
    for threads, each in found.items():
        for name in commands(Path(), "song"):
            yield row(threads, name, each)
    yield NOTES
    names = ", ".join(f"{name} {version(name)}" for name in ("torch", "demucs"))
    machine = f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"
    yield f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}, {names}."


def row(threads: int, name: str, each: Mapping[tuple[str, str], list[Took]]) -> str:
    """Speed-ups are medians over turns, of the official time over the command's in that turn."""
    took, base = each[name, "song"], each["official", "song"]
    pairs = list(zip(base, took, strict=True))
    wall = median(theirs.wall / ours.wall for theirs, ours in pairs)
    cpu = median(theirs.cpu / ours.cpu for theirs, ours in pairs)
    start = median(one.wall for one in each[name, "short"])
    return (
        f"| {threads} | {name} | {median(t.wall for t in took):.1f} | "
        f"{median(t.cpu for t in took):.1f} | {wall:.2f} | {cpu:.2f} | {start:.1f} | "
        f"{max(t.memory for t in took):.0f} |"
    )


INTRODUCTION = f"""
Made by `hdemucs bench separation --seconds {{asked.seconds:g}} --repeats {{asked.repeats}}` in one
run. A song of {{asked.seconds:g}} s at {{rate}} Hz in stereo, the {{asked.variant}} of the
{{asked.scale}} scale with the same random weights in both, segments of {SEGMENT} s, a quarter of
overlap, one random shift, 24-bit stems. Commands take turns; medians. Times include start-up,
reading and writing; start-up is the time of the same command on a song of {SHORT:g} s. The load
average was {{load:.1f}} when it began.
"""

NOTES = """
fp32 differs from the network as it was trained by rounding alone (4e-7, relative). In bf16 it
differs by 0.4 %, -48 dB, and SDR of the quick scale's hybrid on its eight test songs by 0.006 dB at
most in the median of a source.

## What was done

On one core, the full-size hybrid on 10 s, CPU seconds; the machine did other work meanwhile.

- Memory in the order batch, time, channel for every convolution: transposed convolutions of the
  outer levels 0.36 to 0.10 s and 0.20 to 0.07 s, the residual branches' first ones 0.067 to
  0.012 s, 3 x 3 ones 0.29 to 0.21 s. Also kernels that torch keeps from oneDNN with one thread.
- GELU, and the gates' sigmoid, done by the convolution before them: 0.02 s for each outer level.
- Up to 2 MiB of frequencies at a time: 3.4 s rather than 3.8 s for the whole. With 0.5 MiB,
  convolutions become so small that it takes 4.1 s.
- bf16: weights cast once, not in every segment.

## What did not pay

- Gates as one convolution that multiplies by the other's output (oneDNN's binary post-operation):
  0.116 s rather than 0.079 s on the outermost level in fp32; equal or faster in bf16 only for
  1 x 1 kernels.
- 1 x 1 convolutions as linear layers: 0.073 s rather than 0.066 s.
- oneDNN called directly in torch's usual layout: 0.153 s rather than 0.084 s for a 1 x 1 kernel.
- A thread that computes a block ahead of the one that writes: whoever stops the command then waits
  for the block. Stems are written by a thread of their own instead.
- Winograd's algorithm for the decoders' 3 x 3 convolutions, 44 % of the arithmetic, as F(2 x 2)
  with batched products: 0.29 s rather than 0.24 s on the outermost level, then 0.18 s, 0.13 s and
  0.10 s rather than 0.18 s, 0.16 s and 0.15 s: 2 % of the whole. It saves products where there are
  many channels, and passes over memory cost more than that where there are few.
- What is left is arithmetic: the 190 GFLOP of 10 s take 2.0 s at the 95 GFLOP/s that this core
  reaches in a convolution, and nothing here makes them fewer.
"""
