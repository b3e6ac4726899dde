"""Forecast what a run will need and whether it can finish, from real steps at full size.

It reads no data and writes nothing: the batch is noise. Checks that need only the parameters come
first; then steps grow to the real size. If that does not fit, its needs are extrapolated from the
steps that do, so that no machine runs out of memory and the user learns what it would take.
"""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from hdemucs.config.training import TrainConfig
from hdemucs.errors import UserError
from hdemucs.memory import keep_freed_memory
from hdemucs.models.family import skeleton
from hdemucs.preflight.device_memory import GIB, Room, held, room
from hdemucs.preflight.dry_run import Cost, Trial
from hdemucs.preflight.loader_throughput import Supply, supply
from hdemucs.training.batches import check_batch
from hdemucs.training.checkpoint import KEPT
from hdemucs.training.learner import mixing_of
from hdemucs.training.processes import Processes

HOUR, DAY = 3600.0, 24.0  # seconds, hours
LONG = (("years", 365.25 * DAY), ("months", 30.44 * DAY), ("days", DAY))
ALIKE = 0.01  # of a number; a smaller spread is not shown
ROUND = 20.0  # GiB above which tenths are not shown
SAFE = 0.95  # usable share of the memory: the rest is for what happens between steps
COPIES = 5  # of the weights: weights, gradients, Adam's two moments, the best weights


@dataclass(frozen=True)
class Data:
    """The amount of data to train on and to validate on."""

    steps: int  # in an epoch, if the configuration does not say
    valid: float  # seconds of audio


@dataclass(frozen=True)
class Preflight:
    """What steps showed about a run."""

    device: str
    parameters: int
    processes: int
    batch: int  # examples of this process
    group: int  # a process' number of examples is a multiple of this
    tried: int  # examples of the biggest step that was made
    memory: Cost  # GiB at the peak, of the device (on a CPU: of the process)
    spread: tuple[float, float]  # least and most that each further example takes, times `each`
    seconds: Cost  # of a step
    supply: Supply
    room: Room
    steps: int
    validation: float  # seconds of all validations together
    disk: float  # GiB of two checkpoints, a third one while it is written, and the model
    free: float  # GiB
    time_limit: float | None  # hours that a job may take

    @property
    def peak(self) -> float:
        """GiB of the real step."""
        return self.memory.of(self.batch)

    def needed(self, examples: int) -> tuple[float, float]:
        """Least and most GiB of a step; equal if that step was made."""
        further = max(0, examples - self.tried) * self.memory.each
        low, high = (self.memory.of(examples) + further * (share - 1) for share in self.spread)
        return low, high

    @property
    def seconds_per_step(self) -> float:
        return self.supply.pace(self.seconds.of(self.batch), self.batch)

    @property
    def hours(self) -> float:
        return (self.steps * self.seconds_per_step + self.validation) / HOUR

    @property
    def requeues(self) -> int | None:
        """How often the run must be queued again after its first job."""
        if self.time_limit is None:
            return None
        return max(math.ceil(self.hours / self.time_limit) - 1, 0)

    @property
    def enough(self) -> int | None:
        """The number of processes, with this memory each, among which the batch fits; None if none
        does.
        """
        whole, most = self.batch * self.processes, SAFE * self.room.total
        counts = (c for c in range(1, whole // self.group + 1) if whole % (c * self.group) == 0)
        return next((c for c in counts if self.needed(whole // c)[1] <= most), None)

    def lines(self) -> list[str]:
        """The result in words."""
        requeues = "" if self.requeues is None else f", {self.requeues} requeues"
        foreseen = "" if self.tried == self.batch else f"; foreseen from {self.tried}"
        memory = f"{self.room.total:.1f}, {self.room.free:.1f} free"
        return [
            f"device        {self.device}",
            f"parameters    {self.parameters:,}",
            f"peak memory   {between(*self.needed(self.batch))} GiB of {memory}",
            f"batch         {self.batch} examples of {self.memory.each:.3g} GiB and "
            f"{self.seconds.each:.3g} s each{foreseen}",
            *([self.supply.line(self.batch)] if self.supply.each else []),
            f"speed         {1 / self.seconds_per_step:.3g} steps/s",
            f"whole run     {self.steps:,} steps, {duration(self.hours)}, "
            f"{self.validation / HOUR:.2g} of them validation{requeues}",
            f"disk          {self.disk:.2f} GiB of {self.free:.1f} free",
        ]


def between(low: float, high: float) -> str:
    """Such as "132 to 170", or one number if both are equal."""
    if high - low < ALIKE * high:
        return f"{high:.2f}"
    return f"{low:.0f} to {high:.0f}" if high >= ROUND else f"{low:.1f} to {high:.1f}"


def duration(hours: float) -> str:
    """Such as "31,100 h (3.5 years)": hours with three digits, and a more readable unit."""
    if hours <= 0:
        return "0 h"
    digits = 2 - math.floor(math.log10(hours))
    said = f"{round(hours, digits):,.{max(0, digits)}f} h"
    long = next(((hours / size, name) for name, size in LONG if hours >= 2 * size), None)
    return f"{said} ({long[0]:.1f} {long[1]})" if long else said


def preflight(
    config: TrainConfig,
    processes: Processes,
    folder: Path,
    data: Data,
    time_limit: float | None,
) -> Preflight:
    """Make steps on noise, up to the real size if it fits, and add up their needs; `check` judges
    them.

    `folder` is where runs are written; `time_limit` is in hours.

    Raises:
        UserError: the batch cannot be divided among the processes, or memory is too small for one
            example, or even for the copies of the weights.
    """
    training, share = config.training, processes.share
    group = mixing_of(config, processes).group
    check_batch(training, group, share)
    torch.set_num_threads(training.threads)
    if processes.device.type == "cpu":
        keep_freed_memory()
    there = room(processes.device)
    hold("its parameters and what is kept of each", smallest(config, processes), there, config)
    trial = Trial(config, processes)
    memory, seconds = trial.grow(SAFE * there.free)
    hold("a step on one example", memory.of(1), there, config)
    return Preflight(
        device=describe(processes.device),
        parameters=parameters(config),
        processes=share.count,
        batch=trial.batch,
        group=group,
        tried=trial.steps[-1].examples if trial.steps else 0,
        memory=memory,
        spread=trial.spread,
        seconds=seconds,
        supply=supply(config, int(os.environ.get("LOCAL_WORLD_SIZE", share.count))),
        room=there,
        steps=training.epochs * (training.steps_per_epoch or data.steps),
        validation=validations(config) * trial.listening() * data.valid / share.count,
        disk=(KEPT + 1) * trial.checkpoint + trial.weights,
        free=shutil.disk_usage(folder).free / GIB,
        time_limit=time_limit,
    )


def validations(config: TrainConfig) -> int:
    """How often the validation songs are separated, by the model and each of its averages."""
    averages = config.training.averages
    candidates = 1 + len(averages.step) + len(averages.epoch)
    return candidates * (config.training.epochs // config.training.validate_every)


def smallest(config: TrainConfig, processes: Processes) -> float:
    """GiB that any step needs: the process' present memory, and all copies of the weights."""
    averages = config.training.averages
    copies = COPIES + len(averages.step) + len(averages.epoch)
    return held(processes.device) + 4 * copies * parameters(config) / GIB


def parameters(config: TrainConfig) -> int:
    return sum(parameter.numel() for parameter in skeleton(config.model).parameters())


def hold(what: str, needed: float, there: Room, config: TrainConfig) -> None:
    """Refuse a model that does not fit with any batch."""
    if needed <= SAFE * there.free:
        return
    have = f"{there.free:.1f} of {there.total:.1f} are free"
    if needed <= SAFE * there.total:
        cure = "end what else runs here"
    else:
        cure = f"use a device with {math.ceil(needed / SAFE)} GiB, or lower model.channels"
    raise UserError(config.variant, f"{what} take {needed:.1f} GiB, {have}", cure)


def check(found: Preflight, config: TrainConfig, folder: Path, longest: float) -> None:
    """Compare a run's needs with memory, disk space and the longest acceptable time.

    Raises:
        UserError: the run cannot finish.
    """
    if found.tried < found.batch:
        raise too_big(found)
    if found.disk > found.free:
        problem = f"has {found.free:.2f} GiB free, the run needs {found.disk:.2f}"
        raise UserError(folder, problem, "free some space")
    between = config.training.checkpoint_every * found.seconds_per_step / HOUR
    if found.time_limit is not None and between > found.time_limit:
        problem = f"a checkpoint takes {between:.2f} h, a job may last {found.time_limit:.2f}"
        raise UserError("training.checkpoint_every", problem, "lower it or raise the time limit")
    if found.hours > longest * DAY:
        problem = f"would train for {found.hours / DAY:,.0f} days on {found.device}"
        cure = f"use GPUs or more processes (with --longest it may take over {longest:g} days)"
        raise UserError(config.variant, problem, cure)


def too_big(found: Preflight) -> UserError:
    """The error about the step that was not made."""
    whole, there = found.batch * found.processes, found.room
    needed = found.needed(found.batch)
    problem = (
        f"is {whole}: {found.batch} examples a process take {between(*needed)} GiB, "
        f"{there.free:.1f} of {there.total:.1f} are free"
    )
    alone = f"one with {math.ceil(found.needed(whole)[1] / SAFE)} GiB"
    if needed[1] <= SAFE * there.total:
        cure = "end what else runs here"
    elif found.enough:
        cure = f"use {found.enough} processes (GPUs) with {there.total:.0f} GiB each, or {alone}"
    else:
        each = math.ceil(found.needed(found.group)[1] / SAFE)
        cure = f"use {whole // found.group} processes (GPUs) with {each} GiB each, or {alone}"
    return UserError("training.batch", problem, cure)


def describe(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"
