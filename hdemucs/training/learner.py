"""One step of training: how a batch of stems changes the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.config.parts import built
from hdemucs.config.training import TrainConfig
from hdemucs.models.family import Separator
from hdemucs.training.average import Averages, Weights, buffers_of, copy, under, weights_of
from hdemucs.training.compiled import compiled
from hdemucs.training.processes import Processes
from hdemucs.training.recipe.mixing.base import Mixing
from hdemucs.training.recipe.objective.base import Objective
from hdemucs.training.recipe.optimiser.base import Optimiser
from hdemucs.training.recipe.schedule.base import Schedule
from hdemucs.training.recipe.task import Task
from hdemucs.training.seeds import seed_for

Batch = Float[Tensor, "batch source channel sample"]


@dataclass(frozen=True)
class Outcome:
    """A step's numbers, as scalars that are still on the device."""

    loss: Tensor  # without the penalty
    silence: Tensor  # the loss of silent estimates
    penalty: Tensor  # before its weight is applied
    parts: Mapping[str, Tensor]  # the parts of the loss, by name

    def row(self) -> Float[Tensor, " number"]:
        """Loss, silence, penalty and parts, in double precision."""
        values = (self.loss, self.silence, self.penalty.to(self.loss.device), *self.parts.values())
        return torch.stack([value.double() for value in values])


class Learner:
    """A model, its optimiser and everything else that changes from step to step."""

    def __init__(self, model: Separator, config: TrainConfig, processes: Processes) -> None:
        training = config.training
        self.task = task_of(config, processes)
        self.model = model.to(processes.device)
        self.processes, self.bf16, self.made = processes, training.bf16, 0
        network = compiled(self.model) if training.compile else self.model
        self.objective: Objective = built("objective", training.objective, network, self.task)
        self.wrapped: nn.Module = processes.wrapped(self.objective)
        self.optimiser: Optimiser = built("optimiser", training.optimiser, self.model)
        self.schedule: Schedule = built("schedule", training.schedule)
        self.averages = Averages(self.model, training.averages)
        self.buffers = list(buffers_of(self.model).values())
        seed = seed_for(training.seed, "penalty")
        self.penalty = training.penalty and built("penalty", training.penalty, self.model, seed)
        self.augmentations = list(mixing_of(config, processes).augmentations)

    def step(self, stems: Batch) -> Outcome:
        """Update the weights once.

        Args:
            stems: [example, source, channel, sample], at the scale of training.
        """
        stems = stems.to(self.processes.device, non_blocking=True)
        for augmentation in self.augmentations:
            stems = augmentation(stems)
        # What a network draws (dropout) depends on the step alone, so there is no state to keep.
        torch.manual_seed(seed_for(self.task.seed, "step", self.made, self.task.share.rank))
        with torch.autocast(stems.device.type, torch.bfloat16, enabled=self.bf16):
            parts = dict(self.wrapped(stems))
        loss = parts.pop("total")
        torch.autograd.backward(loss)
        penalty = self.penalty.descend() if self.penalty else torch.zeros(())
        self.optimiser.step(self.schedule.factor(self.made))
        self.made += 1
        self.processes.from_first(self.buffers)  # each process has running statistics of its own
        self.averages.after_step()
        parts = {name: part.detach() for name, part in parts.items()}
        return Outcome(loss.detach(), self.objective.silence(stems), penalty, parts)

    def candidates(self) -> dict[str, Weights]:
        """The weights that validation chooses from, by name: the model's own and every average."""
        averages = self.averages.by_name.items()
        return {"model": weights_of(self.model), **{n: a.weights for n, a in averages}}

    def state(self) -> dict[str, Tensor]:
        """All tensors that the next step depends on, by name; the schedule keeps its own state."""
        parts = {
            "model": weights_of(self.model),
            "optimiser": self.optimiser.state(),
            "averages": self.averages.state(),
            "penalty": self.penalty.state() if self.penalty else {},
            "generator": {name: g.get_state() for name, g in self.generators().items()},
            "made": {"": torch.tensor(self.made)},
        }
        return {
            f"{part}/{n}": tensor for part, state in parts.items() for n, tensor in state.items()
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        copy(under(state, "model"), weights_of(self.model))
        self.optimiser.restore(under(state, "optimiser"))
        self.averages.restore(under(state, "averages"))
        if self.penalty:
            self.penalty.restore(under(state, "penalty"))
        for name, generator in self.generators().items():
            generator.set_state(state[f"generator/{name}"])
        self.made = int(state["made/"].item())

    def generators(self) -> dict[str, torch.Generator]:
        """The random generators of everything that draws for whole batches, by name."""
        augmentations = {a.name: a.generator for a in self.augmentations}
        return {**augmentations, "objective": self.objective.generator}


def task_of(config: TrainConfig, processes: Processes) -> Task:
    """What the parts of a recipe may know of the run."""
    seed, share = config.training.seed, processes.share
    return Task(sources=config.sources, sample_rate=config.sample_rate, seed=seed, share=share)


def mixing_of(config: TrainConfig, processes: Processes) -> Mixing:
    """The mixing that makes the run's examples."""
    segment = int(config.training.segment * config.sample_rate)
    mixing: Mixing = built("mixing", config.training.mixing, task_of(config, processes), segment)
    return mixing
