"""Forecast the hours of separating and scoring a test set, from noise at the models' real size.

No song is read and no weights are needed, since random weights take as long.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum

import numpy as np
import torch

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.config.model import ModelConfig
from hdemucs.config.separation import SeparationConfig, in_chunks
from hdemucs.evaluation.score import score_track
from hdemucs.files import digest
from hdemucs.memory import keep_freed_memory
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import DEMUCS, Conditions, build
from hdemucs.preflight.forecast import HOUR, duration
from hdemucs.separation.overlap import Model, overlap_add
from hdemucs.separation.separate import in_memory
from hdemucs.separation.system import filtered
from hdemucs.separation.testset import at_once, songs_at_once
from hdemucs.workers import jobs

BRIEF = 5.0  # seconds; if a quarter of a segment takes less, a whole one is measured
SCORED = 6.0  # seconds of noise that are scored
WIDTH = 80
NAMED = 27  # longest name of a variant in the table
COLUMNS = "{:<27} {:>6} {:>4} {:>12} {:>12}  {}"
ALIKE = (
    "alike: the released file is not here, and a variant is measured that its authors' notes "
    "describe; a guess: they describe none, and it is the hybrid"
)


class Basis(IntEnum):
    """How well a network's size is known, from best to worst."""

    VARIANT, FILE, ALIKE, GUESS = range(4)

    @property
    def said(self) -> str:
        return ("its variant", "its file", "alike", "a guess")[self]


@dataclass(frozen=True)
class Network:
    """One model of a system, with its size."""

    config: ModelConfig
    basis: Basis
    conditions: Conditions = DEMUCS


@dataclass(frozen=True)
class System:
    """A variant: its networks, if it has any here, and how they separate."""

    name: str
    networks: tuple[Network, ...]
    how: EstimationConfig
    scored: bool = True  # False: its scores are given

    @property
    def basis(self) -> Basis:
        return max((network.basis for network in self.networks), default=Basis.VARIANT)


@dataclass(frozen=True)
class TestSet:
    """The songs to be separated."""

    __test__ = False  # pytest collects classes of this name

    name: str
    songs: int
    seconds: float  # of all songs together
    excerpts: int  # for which parts of songs are separated once more
    excerpt: float  # seconds of one
    sources: tuple[str, ...]
    rate: int
    channels: int

    def again(self, segment: float) -> float:
        """The share of all songs that is separated once more: all segments that excerpts touch."""
        length = self.seconds / max(1, self.songs)
        of_a_song = self.excerpts / max(1, self.excerpted)
        touched = of_a_song * (min(segment, length) + self.excerpt)
        return self.excerpted / max(1, self.songs) * min(1.0, touched / length)

    @property
    def excerpted(self) -> int:
        """Songs that have excerpts, as these are spread."""
        return min(self.songs, self.excerpts)


@dataclass(frozen=True)
class Hours:
    """The hours that one variant takes."""

    system: System
    scores: float  # for separating and scoring all songs
    excerpts: float  # for separating parts of songs once more, for the listening tests

    def line(self) -> str:
        """The result in words, in at most 80 columns."""
        name, how = self.system.name, self.system.how.separation
        short = name if len(name) <= NAMED else f"{name[: NAMED - 1]}…"
        told = [duration(hours).partition(" (")[0] for hours in (self.scores, self.excerpts)]
        count = len(self.system.networks)
        return COLUMNS.format(short, count, max(1, how.shifts), *told, self.system.basis.said)


class Stopwatch:
    """Measures networks on one device, each size once."""

    def __init__(self, songs: TestSet, metrics: MetricsConfig, device: torch.device) -> None:
        self.songs, self.metrics, self.device = songs, metrics, device
        self.known: dict[str, float] = {}

    def hours(self, systems: Sequence[System]) -> list[Hours]:
        """The hours of each system; models of bags, and songs, run in parallel, as they will."""
        scoring = self.scoring() if any(system.scored for system in systems) else 0.0
        return [self.of(system, scoring if system.scored else 0.0) for system in systems]

    def of(self, system: System, scoring: float) -> Hours:
        """The hours of one system; `scoring` is the seconds of one core per second of song.

        Songs are scored while the next ones are separated, on the cores that are not in use.
        """
        threads, on_cpu = system.how.threads, self.device.type == "cpu"
        each = self.paces(system)
        together = min(at_once(self.device, threads), len(each))
        separation = max(max(each), sum(each) / together) if each else 0.0
        songs = songs_at_once(self.device, threads, max(1, len(each)))
        cores = scoring + (threads * sum(each) if on_cpu else 0.0)
        hours = self.songs.seconds / HOUR
        excerpts = self.songs.again(system.how.separation.segment) * separation
        excerpts /= max(1, min(songs, self.songs.excerpted))
        separation /= max(1, min(songs, self.songs.songs))
        return Hours(system, max(separation, cores / jobs()) * hours, excerpts * hours)

    def paces(self, system: System) -> list[float]:
        """Seconds per second of song, for each network, or for all with one post-filter."""
        post, networks = system.how.post, system.networks
        groups = [[each] for each in networks] if post is None else [list(networks)]
        return [self.pace(group, system.how) for group in groups if group]

    def pace(self, group: Sequence[Network], how: EstimationConfig) -> float:
        sizes = [[asdict(each.config), asdict(each.conditions)] for each in group]
        post = None if how.post is None else asdict(how.post)
        key = digest([sizes, post, asdict(how.separation), how.threads])
        if key not in self.known:
            models = [build(each.config, seed=0).eval() for each in group]
            whole = Ensemble(models, conditions=[each.conditions for each in group])
            model = filtered(whole, how.post).models[0].eval().to(self.device)
            asked = in_chunks(how.separation, group[0].conditions.chunk)
            torch.set_num_threads(how.threads)
            if self.device.type == "cpu":
                keep_freed_memory()
            self.known[key] = runs(asked) * self.segment(model, asked, group[0].conditions)
        return self.known[key]

    def segment(self, model: Model, asked: SeparationConfig, made_for: Conditions) -> float:
        """Seconds per second of a segment."""
        seconds = min(asked.segment, self.songs.seconds / max(1, self.songs.songs))
        samples = max(1, int(seconds * self.songs.rate))
        if made_for.chunk is not None:  # it accepts no other length
            self.timed(model, samples)
            return self.timed(model, samples) / seconds
        self.timed(model, max(1, samples // 16))
        quarter = self.timed(model, max(1, samples // 4))
        if quarter < BRIEF:
            return self.timed(model, samples) / seconds
        return foreseen(quarter, self.timed(model, samples // 2)) / seconds

    @torch.no_grad()
    def timed(self, model: Model, samples: int) -> float:
        """Seconds for one segment of noise, with the context that the model needs around it."""
        noise = torch.randn(
            self.songs.channels, samples, generator=torch.Generator().manual_seed(0)
        ).to(self.device)
        began = time.perf_counter()
        list(overlap_add(model, in_memory(noise), samples, samples))
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - began

    def scoring(self) -> float:
        """Seconds of one core for scoring one second of song."""
        shape = self.songs.channels, int(SCORED * self.songs.rate)
        rng = np.random.default_rng(0)
        truth = {s: rng.standard_normal(shape).astype(np.float32) for s in self.songs.sources}
        noisy = {s: x + rng.standard_normal(shape).astype(np.float32) for s, x in truth.items()}
        began = time.perf_counter()
        score_track("noise", truth, noisy, self.songs.rate, self.metrics)
        return (time.perf_counter() - began) / SCORED


def runs(asked: SeparationConfig) -> float:
    """How often each second of a song is separated."""
    return max(1, asked.shifts) / (1 - asked.overlap)


def foreseen(quarter: float, half: float) -> float:
    """Seconds of a whole segment; due to attention, they are a * length + b * length**2."""
    return max(2 * half, 6 * half - 8 * quarter)


def table(found: Sequence[Hours], songs: TestSet, scale: str, device: str) -> list[str]:
    """A table in 80 columns: one line per variant, and one for all together."""
    scores, excerpts = (sum(getattr(one, what) for one in found) for what in ("scores", "excerpts"))
    hours = f"{songs.seconds / HOUR:.2g} h"
    lines = [
        f"{songs.songs} test songs of {songs.name}, {hours} of sound, at the {scale} scale",
        f"on {device}",
        COLUMNS.format("variant", "models", "runs", "scores", "excerpts", "measured"),
        *(one.line() for one in found),
    ]
    if len(found) > 1:
        both = [duration(each).partition(" (")[0] for each in (scores, excerpts)]
        lines.append(COLUMNS.format("all", "", "", *both, "").rstrip())
    lines.append(f"in all {duration(scores + excerpts)}")
    if any(one.system.basis >= Basis.ALIKE for one in found):
        lines += textwrap.wrap(ALIKE, WIDTH)
    return lines
