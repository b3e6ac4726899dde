"""How fast a run gets its examples: repitching is what takes time and cores before a step.

Reading is not counted: one core reads hundreds of examples a second, as
reports/benchmarks/loaders.md shows.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
import torch

from hdemucs.config.training import TrainConfig
from hdemucs.data.share import WHOLE
from hdemucs.training.learner import mixing_of
from hdemucs.training.processes import Processes

TRIES = 2  # the first one includes what is prepared once


@dataclass(frozen=True)
class Supply:
    """How one process gets its examples."""

    each: float  # mean seconds of one core per example
    workers: int  # processes that repitch beside steps; 0: the training itself, between

    def pace(self, step: float, examples: int) -> float:
        """Seconds between steps that take `step` seconds and this many examples each."""
        needed = self.each * examples
        return max(step, needed / self.workers) if self.workers else step + needed

    def line(self, examples: int) -> str:
        """The result in words."""
        by = f"{self.workers} workers at once" if self.workers else "the process itself"
        return f"repitching    {self.each * examples:.3g} s of one core a step, by {by}"


def supply(config: TrainConfig, processes: int) -> Supply:
    """Time the repitching of noise; `processes` of the training share this machine."""
    training = config.training
    cores = len(os.sched_getaffinity(0)) // processes
    workers = min(training.workers, max(1, cores))
    repitch = mixing_of(config, Processes(WHOLE, torch.device("cpu"))).repitch
    if repitch is None:
        return Supply(0.0, workers)
    length = int(training.segment * config.sample_rate)
    shape = len(config.sources), config.model.audio_channels, length
    noise = np.random.default_rng(0).standard_normal(shape, np.float32)
    took = []
    for seed in range(TRIES):
        began = time.perf_counter()
        repitch.example(noise, np.random.default_rng(seed))
        took.append(time.perf_counter() - began)
    return Supply(repitch.config.probability * min(took), workers)
