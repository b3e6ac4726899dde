"""How often the intervals contain the true value, by simulation.

Differences between two systems are drawn from distributions with a known mean: normal, heavy-tailed
(Student's t with 3 degrees of freedom, Laplace) and skewed (gamma), for the numbers of tracks of
studies here. A 95 % interval should contain the mean in 95 % of the studies.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from hdemucs.bounded import whole
from hdemucs.config.report import IntervalConfig
from hdemucs.files import write_text
from hdemucs.progress import track
from hdemucs.statistics.intervals import expanded_bca, mean_interval, median_interval, student

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

CONFIG = IntervalConfig(level=0.95, resamples=999, seed=0)
TRACKS = (4, 6, 8, 14, 27, 50)
SEEDS = (3, 5, 10)
DRAWS: dict[str, Draw] = {  # mean 0, median 0 except for the gamma distribution, variance about 1
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "Student's t (3)": lambda rng, shape: rng.standard_t(3, shape) / np.sqrt(3),
    "Laplace": lambda rng, shape: rng.laplace(size=shape) / np.sqrt(2),
    "gamma (2)": lambda rng, shape: (rng.gamma(2, 1, shape) - 2) / np.sqrt(2),
}


def percentile_bca(sample: np.ndarray) -> tuple[float, float]:
    """SciPy's BCa interval, without our expansion, for comparison."""
    rng = np.random.default_rng(CONFIG.seed)
    interval = stats.bootstrap(
        (sample,), np.mean, n_resamples=CONFIG.resamples, method="BCa", rng=rng
    ).confidence_interval
    return float(interval.low), float(interval.high)


def over_tracks(tracks: int, draw: Draw, studies: int, seed: int) -> dict[str, float]:
    """Coverage of each method for the mean over tracks."""
    rng = np.random.default_rng([seed, tracks])
    held = {"ours": 0, "expanded BCa": 0, "BCa": 0, "Student's t": 0}
    for _ in range(studies):
        sample = draw(rng, (tracks,))
        bounds = {
            "ours": mean_interval(sample[None], CONFIG),
            "expanded BCa": expanded_bca(sample, CONFIG),
            "Student's t": student(sample, CONFIG.level),
        }
        for name, interval in bounds.items():
            held[name] += interval.low <= 0 <= interval.high
        low, high = percentile_bca(sample)
        held["BCa"] += low <= 0 <= high
    return {name: count / studies for name, count in held.items()}


def over_seeds(seeds: int, tracks: int, draw: Draw, studies: int, seed: int) -> float:
    """Coverage for the mean over tracks and seeds, each with an effect of its own."""
    rng = np.random.default_rng([seed, tracks, seeds])
    held = 0
    for _ in range(studies):
        by_track, by_seed = draw(rng, (tracks,)), 0.3 * rng.standard_normal((seeds, 1))
        values = by_track + by_seed + 0.3 * rng.standard_normal((seeds, tracks))
        interval = mean_interval(values, CONFIG)
        held += interval.low <= 0 <= interval.high
    return held / studies


def of_medians(tracks: int, studies: int, seed: int) -> float:
    """Coverage for the mean over four sources of the median over tracks."""
    rng = np.random.default_rng([seed, tracks, 4])
    held = 0
    for _ in range(studies):
        common = rng.standard_normal(tracks)
        interval = median_interval(common + rng.standard_t(3, (4, tracks)), CONFIG)
        held += interval.low <= 0 <= interval.high
    return held / studies


def lines(studies: int, seed: int) -> Iterator[str]:
    """The lines of the page."""
    yield "# How often the intervals hold the truth\n"
    yield (
        f"Coverage of 95 % intervals for a mean paired difference over tracks, {studies} simulated "
        f"studies a line, {CONFIG.resamples} resamples. *Ours* is Student's t below 8 tracks; "
        "from there on the expanded BCa bootstrap, never tighter than Student's t.\n"
    )
    yield "| tracks | differences | ours | expanded BCa | BCa | Student's t |"
    yield "|---:|---|---:|---:|---:|---:|"
    cases = [(tracks, name) for tracks in TRACKS for name in DRAWS]
    for tracks, name in track(cases, "intervals over tracks"):
        found = over_tracks(tracks, DRAWS[name], studies, seed)
        yield f"| {tracks} | {name} | " + " | ".join(f"{c:.3f}" for c in found.values()) + " |"
    yield "\nOver tracks and seeds together (two-way random effects), from three seeds on:\n"
    yield "| seeds | tracks | differences | coverage |"
    yield "|---:|---:|---|---:|"
    crossed = [(s, t, name) for s in SEEDS for t in (8, 50) for name in DRAWS]
    for seeds, tracks, name in track(crossed, "intervals over seeds"):
        found_ = over_seeds(seeds, tracks, DRAWS[name], studies, seed)
        yield f"| {seeds} | {tracks} | {name} | {found_:.3f} |"
    yield "\nOf one system's number, the mean of four medians over tracks (percentile bootstrap):\n"
    yield "| tracks | coverage |"
    yield "|---:|---:|"
    for tracks in track((8, 14, 27, 50), "intervals of medians"):
        yield f"| {tracks} | {of_medians(tracks, studies, seed):.3f} |"
    yield "\nMade by `hdemucs bench intervals`."


STUDIES = whole(1, 1_000_000)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--studies", type=STUDIES, default=2000, help="simulated a line (%(default)s)"
    )
    parser.add_argument("--seed", type=whole(0, 2**63 - 1), default=1, help="(%(default)s)")


def make(asked: argparse.Namespace, page: Path) -> None:
    """Run the simulations and write the page."""
    write_text(page, "\n".join(lines(asked.studies, asked.seed)) + "\n")
