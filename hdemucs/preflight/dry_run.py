"""Steps on noise that grow to the real one, each made only if those before say that it fits."""

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
FAR = 2.0  # times the memory: where the real step needs more, two steps tell enough
SHORT = 4  # the very first example is about this many times shorter
WARM = 10.0  # seconds: a real step that takes longer is not made twice to have it warm
OUT = ("memory", "alloc", "primitive")  # in what torch and oneDNN say where memory ends
LEAST = 2.0**-20  # GiB: no example takes less


@dataclass(frozen=True)
class Step:
    """What one step took."""

    examples: int
    memory: float  # GiB at the peak
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What a step takes: `fixed`, and so much for `each` example."""

    fixed: float
    each: float

    def of(self, examples: int) -> float:
        return self.fixed + examples * self.each


class Trial:
    """A learner that makes steps on noise, with the best weights beside it as in a run."""

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
        self.spread = (1.0, 1.0)  # times `each` of memory that an example may take, by repetition

    def grow(self, most: float) -> tuple[Cost, Cost]:
        """Steps up to the real one, as long as the next is foreseen below `most` GiB.

        Returns what steps take in memory (GiB) and time (seconds) by their examples; `steps` are
        those that were made.
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
        """What an example takes in memory, from the smallest and the biggest step made once more.

        A process keeps freed memory, so the peak of a step depends on those before it. Between 1
        and 4 examples that is a tenth of the rise, and a batch of 64 is foreseen from that rise
        times 20: all pairs of measurements together say how far it can be trusted.
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
        """By a short example, which also has all that a run keeps come into being."""
        self.step(1, self.short)
        short = self.step(1, self.short)
        forget_peak(self.device)
        kept = held(self.device) + self.weights
        ratio = self.samples / self.short
        each = max(ratio * (short.memory - kept), LEAST)
        return Cost(kept, each), Cost(0.0, ratio * short.seconds)

    def costs(self, before: Cost) -> tuple[Cost, Cost]:
        """By the first step and the last; by one, and what was known before it."""
        last = self.steps[-1]
        if len(self.steps) == 1:
            each = max((last.memory - before.fixed) / last.examples, LEAST)
            return Cost(before.fixed, each), Cost(0.0, last.seconds / last.examples)
        few, more = self.steps[0], last.examples - self.steps[0].examples
        each = max((last.memory - few.memory) / more, LEAST)
        # Noise of the clock makes no example free.
        pace = max((last.seconds - few.seconds) / more, 0.5 * last.seconds / last.examples)
        return (
            Cost(last.memory - last.examples * each, each),
            Cost(last.seconds - last.examples * pace, pace),
        )

    def step(self, examples: int, samples: int) -> Step:
        """One step on some examples of some samples; a quick one is made again to be timed."""
        self.learner.augmentations = [a for a in self.augmentations if examples % a.group == 0]
        stems = self.noise(examples, samples)
        forget_peak(self.device)
        seconds = self.timed(stems)
        if seconds < WARM:
            seconds = min(seconds, self.timed(stems))
        return Step(examples, peak(self.device), seconds)

    def noise(self, examples: int, samples: int) -> torch.Tensor:
        """A batch as this process would get it: noise instead of stems."""
        model = self.config.model
        generator = torch.Generator().manual_seed(self.config.training.seed)
        size = (examples, len(self.config.sources), model.audio_channels, samples)
        return torch.randn(*size, generator=generator)

    def timed(self, stems: torch.Tensor) -> float:
        """Seconds of a whole step."""
        return self.seconds_of(lambda: self.learner.step(stems))

    def seconds_of(self, work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - start

    @torch.no_grad()
    def listening(self) -> float:
        """Seconds that the model takes to separate one second of audio, as in validation.

        Without shifts it is separated once, as with one.
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
