"""Our metrics compared with museval's on one long track: time, memory, difference of the numbers.

Each candidate runs in its own process with one thread, one after the other. Look at the ratios of
CPU time, which are about the same on other machines.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from scipy.signal import lfilter

from hdemucs.bounded import real
from hdemucs.evaluation.backend import by_museval
from hdemucs.files import write_text
from hdemucs.memory import keep_freed_memory
from hdemucs.metrics.bsseval.evaluate import bsseval
from hdemucs.metrics.sdr import sdr
from hdemucs.workers import single_threaded

RATE = 44_100
SOURCES = 4
SEED = 5
LOUD = 120.0  # dB; above this, museval's own numbers depend on the order of the sources
REPEATS = 3  # of our candidates, of which the fastest counts; museval runs once

TRIED = """
What did not pay, in milliseconds of one core for one of the 240 frames, while the machine did other
work: transforms of 4096 rather than 2048 samples (8.9 rather than 8.0); one channel at a time, or
eight (8.1 and 8.6); samples in the order time, channel, so that spectra need no transposing (3.8
rather than 2.6 for the transforms alone). The spectra of whole frames, kept for a second pass, as
it was before: 45 times museval's speed rather than 54, and twice the memory. Padding beforehand,
and energies by other products: no difference beyond the spread of 10 %. Transforms in float32 take
half the time, but correlations rounded so coarsely can be indefinite where a song has no treble."""

Scored = dict[str, np.ndarray]


@dataclass(frozen=True)
class Measured:
    """The measurements of one candidate."""

    name: str
    cpu: float  # seconds
    wall: float  # seconds
    memory: float  # GiB at the process' peak, including its signals
    scores: Scored


def full(references: np.ndarray, estimates: np.ndarray) -> Scored:
    return bsseval(references, estimates, RATE, RATE)


def closed_form(references: np.ndarray, estimates: np.ndarray) -> Scored:
    return {"SDR": sdr(references, estimates, RATE, RATE)}


def original(references: np.ndarray, estimates: np.ndarray) -> Scored:
    return by_museval(references, estimates, RATE, RATE)


CANDIDATES: dict[str, tuple[Callable[[np.ndarray, np.ndarray], Scored], int]] = {
    "museval.evaluate": (original, 1),
    "ours, SDR, ISR, SIR, SAR": (full, REPEATS),
    "ours, SDR alone": (closed_form, REPEATS),
}


def make_signals(folder: Path, seconds: float) -> None:
    """Write four stereo sources and their estimates as 16-bit values, piece by piece."""
    samples = int(seconds * RATE)
    for name, shape in (("references", 0), ("estimates", 1)):
        place = folder / f"{name}.npy"
        array = np.lib.format.open_memmap(place, "w+", np.float32, (SOURCES, 2, samples))
        for source in range(SOURCES):
            array[source] = stereo(source, samples, estimated=bool(shape))
        array.flush()


def stereo(source: int, samples: int, *, estimated: bool) -> np.ndarray:
    """A source that comes and goes, or a filtered, noisy estimate of it with some of the next
    source.
    """
    rng = np.random.default_rng([SEED, source])
    pole = rng.uniform(0.3, 0.9)
    mono = lfilter([1], [1, -pole], rng.standard_normal(samples))
    swell = 1.1 + np.sin(np.arange(samples) * rng.uniform(1, 9) / RATE)
    clean = 0.03 * swell * (rng.uniform(0.4, 1, (2, 1)) * mono + rng.standard_normal((2, samples)))
    if not estimated:
        return np.round(clean * 32768) / 32768
    other = stereo((source + 1) % SOURCES, samples, estimated=False)
    noise = 0.002 * rng.standard_normal(clean.shape)
    made = lfilter([0.8, 0.15, -0.1], [1], clean) + 0.15 * other + noise
    return np.round(made * 32768) / 32768


def measure(name: str, folder: Path) -> Measured:
    """Run one candidate in this process."""
    torch.set_num_threads(1)
    if CANDIDATES[name][0] is not original:
        keep_freed_memory()  # as the processes that score do; museval runs as it comes
    score, repeats = CANDIDATES[name]
    references, estimates = (np.load(folder / f"{n}.npy") for n in ("references", "estimates"))
    times = [timed(score, references, estimates) for _ in range(repeats)]
    cpu, wall, scores = min(times, key=lambda run: run[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return Measured(name, cpu, wall, peak, scores)


def timed(
    score: Callable[[np.ndarray, np.ndarray], Scored], references: np.ndarray, estimates: np.ndarray
) -> tuple[float, float, Scored]:
    cpu, wall = time.process_time(), time.perf_counter()
    scores = score(references, estimates)
    return time.process_time() - cpu, time.perf_counter() - wall, scores


def run(seconds: float) -> list[Measured]:
    """Measure all candidates, each in a new process."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        pool_of_one = ProcessPoolExecutor(1, context, max_tasks_per_child=1)
        with single_threaded(), pool_of_one as pool:
            pool.submit(make_signals, folder, seconds).result()
            return [pool.submit(measure, name, folder).result() for name in CANDIDATES]


def lines(measured: Sequence[Measured], seconds: float) -> Iterator[str]:
    """The lines of the page."""
    first = measured[0]
    yield "# The metrics' cost beside museval's\n"
    yield (
        f"One track of {seconds:g} s, {SOURCES} stereo sources at {RATE} Hz, windows of 1 s, "
        f"{first.scores['SDR'].shape[1]} frames; one thread each, in one run. The same numbers: "
        "see the last table.\n"
    )
    yield "| | CPU time, s | times faster | wall time, s | peak memory, GiB | share of memory |"
    yield "|---|---:|---:|---:|---:|---:|"
    for one in measured:
        yield (
            f"| {one.name} | {one.cpu:.2f} | {first.cpu / one.cpu:.0f} | {one.wall:.2f} | "
            f"{one.memory:.2f} | {100 * one.memory / first.memory:.0f} % |"
        )
    yield "\nMemory is the whole process': interpreter, libraries and signals included.\n"
    yield "| largest difference to museval | dB |"
    yield "|---|---:|"
    for one in measured[1:]:
        for metric, scores in one.scores.items():
            yield f"| {one.name}: {metric} | {difference(scores, first.scores[metric]):.1e} |"
    yield TRIED
    names = ", ".join(f"{name} {version(name)}" for name in ("museval", "numpy", "scipy", "torch"))
    yield f"\n{platform.machine()}, Python {platform.python_version()}, {names}."
    yield "Made by `hdemucs bench metrics`."


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference over meaningful frames; infinite if NaN is in different frames."""
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return float("inf")
    meant = theirs < LOUD
    return float(np.abs(ours[meant] - theirs[meant]).max())


LENGTH = real(1, 3600)  # seconds


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=LENGTH, default=240.0, help="of the track (%(default)s)")


def make(asked: argparse.Namespace, page: Path) -> None:
    """Measure and write the page."""
    write_text(page, "\n".join(lines(run(asked.seconds), asked.seconds)) + "\n")
