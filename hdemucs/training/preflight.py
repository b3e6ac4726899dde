"""One real step at the real size, before days are spent: what a run will need, and whether it can.

Nothing is read from a data set and nothing is written: the batch is noise.
"""

from __future__ import annotations

import math
import resource
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from hdemucs.config.training import TrainConfig
from hdemucs.data.repitch import Repitch
from hdemucs.errors import Refusal
from hdemucs.model.build import build
from hdemucs.training.checkpoint import KEPT
from hdemucs.training.learner import Learner
from hdemucs.training.memory import keep_freed_memory
from hdemucs.training.processes import Processes

GIB, HOUR = 2**30, 3600.0
KIB = {"darwin": 1}.get(sys.platform, 1024)  # bytes in ru_maxrss' unit


@dataclass(frozen=True)
class Preflight:
    """What a step told about its run; validation and reading come on top of the hours."""

    device: str
    parameters: int
    memory: float  # GiB at the peak, of the device (CPU: of the process)
    available: float  # GiB
    seconds_per_step: float
    steps: int
    disk: float  # GiB: two checkpoints, a third while it is written, and the model
    free: float  # GiB
    time_limit: float | None  # hours a job may take

    @property
    def hours(self) -> float:
        return self.steps * self.seconds_per_step / HOUR

    @property
    def requeues(self) -> int | None:
        """How often the run has to be queued again after its first job."""
        return None if self.time_limit is None else math.ceil(self.hours / self.time_limit) - 1

    def lines(self) -> list[str]:
        """For people."""
        requeues = "" if self.requeues is None else f", {self.requeues} requeues"
        return [
            f"device        {self.device}",
            f"parameters    {self.parameters:,}",
            f"peak memory   {self.memory:.2f} GiB of {self.available:.1f}",
            f"speed         {1 / self.seconds_per_step:.3g} steps/s",
            f"whole run     {self.steps:,} steps, {self.hours:.3g} h{requeues}",
            f"disk          {self.disk:.2f} GiB of {self.free:.1f} free",
        ]


def preflight(
    config: TrainConfig,
    processes: Processes,
    folder: Path,
    steps_per_epoch: int,
    time_limit: float | None,
) -> Preflight:
    """Make two steps on noise, time the second, and add up.

    `steps_per_epoch` is what the data gives where the configuration has None; `folder` is where
    runs are written; `time_limit` is in hours.

    Raises:
        Refusal: the step does not fit into memory, the run not onto the disk, or no step of it
            into the time between two checkpoints.
    """
    torch.set_num_threads(config.training.threads)
    if processes.device.type == "cpu":
        keep_freed_memory()
    learner = fitting(config, processes)
    batch = noise(config, processes)
    first = timed(learner, batch)
    second = timed(learner, batch)
    disk = (KEPT + 1) * size(learner) + 4 * parameters(learner) / GIB
    found = Preflight(
        device=describe(processes.device),
        parameters=parameters(learner),
        memory=peak(processes.device),
        available=available(processes.device),
        seconds_per_step=min(first, second),
        steps=config.training.epochs * (config.training.steps_per_epoch or steps_per_epoch),
        disk=disk,
        free=shutil.disk_usage(folder).free / GIB,
        time_limit=time_limit,
    )
    refused(found, config, folder)
    return found


def fitting(config: TrainConfig, processes: Processes) -> Learner:
    try:
        return Learner(build(config.model, config.training.seed), config, processes)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise too_big(config, processes) from error


def noise(config: TrainConfig, processes: Processes) -> torch.Tensor:
    """A batch as this process would get it: noise instead of stems."""
    training, model = config.training, config.model
    samples = int(training.segment * config.sample_rate)
    if training.augment.repitch:
        samples = Repitch(training.augment.repitch, config.sample_rate).kept(samples)
    size = (training.batch // processes.share.count, len(model.sources), model.audio_channels)
    generator = torch.Generator().manual_seed(training.seed)
    return torch.randn(*size, samples, generator=generator)


def timed(learner: Learner, batch: torch.Tensor) -> float:
    """Seconds of a whole step."""
    device = learner.processes.device
    start = time.perf_counter()
    try:
        learner.step(batch)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if "memory" not in str(error):
            raise
        raise Refusal(
            "training.batch", f"a step on {len(batch)} examples does not fit into memory",
            "lower it or training.segment, or use more processes",
        ) from error  # fmt: skip
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def too_big(config: TrainConfig, processes: Processes) -> Refusal:
    problem = f"the model does not fit into the memory of {describe(processes.device)}"
    return Refusal(config.variant, problem, "lower model.channels or use a bigger device")


def refused(found: Preflight, config: TrainConfig, folder: Path) -> None:
    """Raise for a run that cannot finish."""
    if found.disk > found.free:
        problem = f"has {found.free:.2f} GiB free, the run needs {found.disk:.2f}"
        raise Refusal(folder, problem, "free some space")
    if found.memory > found.available:
        problem = f"a step takes {found.memory:.2f} GiB of {found.available:.2f}"
        raise Refusal("training.batch", problem, "lower it or training.segment")
    between = config.training.checkpoint_every * found.seconds_per_step / HOUR
    if found.time_limit is not None and between > found.time_limit:
        problem = f"a checkpoint takes {between:.2f} h, a job may last {found.time_limit:.2f}"
        raise Refusal("training.checkpoint_every", problem, "lower it or raise the time limit")


def parameters(learner: Learner) -> int:
    return sum(parameter.numel() for parameter in learner.model.parameters())


def size(learner: Learner) -> float:
    """GiB of a checkpoint: the learner's state and the best weights."""
    state = sum(tensor.nbytes for tensor in learner.state().values())
    return (state + 4 * parameters(learner)) / GIB


def describe(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"


def peak(device: torch.device) -> float:
    """GiB at the peak so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / GIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB / GIB


def available(device: torch.device) -> float:
    """GiB that a run can have."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory / GIB
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            return int(line.split()[1]) * 1024 / GIB
    return math.inf
