"""Training steps on noise, of growing size; each is made only if earlier ones say that it fits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from hdemucs.config.training import TrainConfig
from hdemucs.models.family import build
from hdemucs.preflight.device_memory import GIB, fenced, forget_peak, held, peak
from hdemucs.training.average import cloned, weights_of
from hdemucs.training.learner import Learner, mixing_of
from hdemucs.training.processes import Processes

FIRST = (1, 2, 4)  # examples of the steps before the real one
FAR = 2.0  # times the memory: if the real step needs more than this, two steps are enough to know
SHORT = 4  # the first example is about this many times shorter
WARM = 10.0  # seconds; a real step that takes longer is not repeated for timing
OUT = ("memory", "alloc", "primitive")  # in the messages of torch and oneDNN when memory runs out
LEAST = 2.0**-20  # GiB; no example takes less


@dataclass(frozen=True)
class Step:
    """What one step took."""

    examples: int
    memory: float  # GiB at the peak
    seconds: float


@dataclass(frozen=True)
class Cost:
    """The cost of a step: `fixed`, plus `each` per example."""

    fixed: float
    each: float

    def of(self, examples: int) -> float:
        return self.fixed + examples * self.each


class Trial:
    """Makes training steps on noise, with a copy of the best weights in memory as in a run."""

    def __init__(self, config: TrainConfig, processes: Processes) -> None:
        self.config, self.device = config, processes.device
        self.processes = processes
        self.learner = Learner(build(config.model, config.training.seed), config, processes)
        self.augmentations = list(self.learner.augmentations)
        self.best = cloned(weights_of(self.learner.model))
        self.batch = config.training.batch // processes.share.count
        self.mixing = mixing_of(config, processes)
        self.samples = self.mixing.kept(int(config.training.segment * config.sample_rate))
        self.short = self.mixing.lost + (self.samples - self.mixing.lost) // SHORT
        self.steps: list[Step] = []
        self.spread = (1.0, 1.0)  # memory of an example, as a multiple of `each`, by repeated steps

    def grow(self, most: float) -> tuple[Cost, Cost]:
        """Make steps up to the real size, as long as the next is expected to need less than `most`
        GiB.

        Returns the memory (GiB) and time (seconds) of steps, as functions of their examples;
        `steps` are those that were made.
        """
        memory, seconds = self.guess()
        with fenced(self.device, most):
            for examples in sorted({*(n for n in FIRST if n < self.batch), self.batch}):
                far = len(self.steps) > 1 and memory.of(self.batch) > FAR * most
                if self.processes.any(far or memory.of(examples) > most):
                    break
                try:
                    self.steps.append(self.step(examples, self.samples))
                except (MemoryError, RuntimeError) as error:
                    if not any(word in str(error).lower() for word in OUT):
                        raise
                    break
                memory, seconds = self.costs(memory)
            if len(self.steps) > 1 and self.steps[-1].examples < self.batch:
                memory = self.repeated()
        return memory, seconds

    def repeated(self) -> Cost:
        """Estimate an example's memory again, by repeating the smallest and the biggest step.

        A process keeps freed memory, so the peak of a step depends on those before it. Between 1
        and 4 examples, this changes the rise in memory by a tenth, and the rise is multiplied by 20
        for a batch of 64. So all pairs of measurements together show how reliable it is.
        """
        ends = (self.steps[0], self.steps[-1])
        few, many = ([one, self.step(one.examples, self.samples)] for one in ends)
        more = ends[1].examples - ends[0].examples
        slopes = [max((b.memory - a.memory) / more, LEAST) for a in few for b in many]
        low, high = min(slopes), max(slopes)
        each = (low + high) / 2
        self.spread = (low / each, high / each)
        return Cost(many[-1].memory - ends[1].examples * each, each)

    def guess(self) -> tuple[Cost, Cost]:
        """Estimate from a short example, which also makes everything allocate that a run keeps."""
        self.step(1, self.short)
        short = self.step(1, self.short)
        forget_peak(self.device)
        kept = held(self.device) + self.weights
        ratio = self.samples / self.short
        each = max(ratio * (short.memory - kept), LEAST)
        return Cost(kept, each), Cost(0.0, ratio * short.seconds)

    def costs(self, before: Cost) -> tuple[Cost, Cost]:
        """Estimate from the first step and the last, or from one step and an earlier estimate."""
        last = self.steps[-1]
        if len(self.steps) == 1:
            each = max((last.memory - before.fixed) / last.examples, LEAST)
            return Cost(before.fixed, each), Cost(0.0, last.seconds / last.examples)
        few, more = self.steps[0], last.examples - self.steps[0].examples
        each = max((last.memory - few.memory) / more, LEAST)
        # Noise of the clock must not make an example cost nothing.
        pace = max((last.seconds - few.seconds) / more, 0.5 * last.seconds / last.examples)
        return (
            Cost(last.memory - last.examples * each, each),
            Cost(last.seconds - last.examples * pace, pace),
        )

    def step(self, examples: int, samples: int) -> Step:
        """Make one step on noise of this size; a quick step is repeated for its time."""
        self.learner.augmentations = [a for a in self.augmentations if examples % a.group == 0]
        stems = self.noise(examples, samples)
        forget_peak(self.device)
        seconds = self.timed(stems)
        if seconds < WARM:
            seconds = min(seconds, self.timed(stems))
        return Step(examples, peak(self.device), seconds)

    def noise(self, examples: int, samples: int) -> torch.Tensor:
        """A batch of this process' size, with noise in place of stems."""
        model = self.config.model
        generator = torch.Generator().manual_seed(self.config.training.seed)
        size = (examples, len(self.config.sources), model.audio_channels, samples)
        return torch.randn(*size, generator=generator)

    def timed(self, stems: torch.Tensor) -> float:
        """The seconds that a whole step takes."""
        return self.seconds_of(lambda: self.learner.step(stems))

    def seconds_of(self, work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - start

    @torch.no_grad()
    def listening(self) -> float:
        """Seconds that the model needs to separate one second of audio, as in validation.

        Without shifts, a song is separated once, as with one shift.
        """
        model, settings = self.learner.model, self.config.validation
        samples = self.samples if self.steps else self.short
        (mix,) = self.noise(1, samples).sum(1).to(self.device)
        model.eval()
        seconds = self.seconds_of(lambda: model(mix[None]))
        if seconds < WARM:
            seconds = min(seconds, self.seconds_of(lambda: model(mix[None])))
        model.train()
        passes = max(1, settings.shifts) / (1 - settings.overlap)
        return passes * seconds * self.config.sample_rate / samples

    @property
    def weights(self) -> float:
        """GiB of the model's parameters."""
        return sum(parameter.nbytes for parameter in self.learner.model.parameters()) / GIB

    @property
    def checkpoint(self) -> float:
        """GiB of a checkpoint: the learner's state and the best weights."""
        state = sum(tensor.nbytes for tensor in self.learner.state().values())
        return state / GIB + self.weights
