"""One step of training: what a batch of stems does to the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.config.training import AdamConfig, TrainConfig
from hdemucs.data.augment import Augmentation, augmentations
from hdemucs.models.family import Separator
from hdemucs.training.average import Averages, Weights, copy, under, weights_of
from hdemucs.training.compiled import compiled
from hdemucs.training.loss import WeightedL1
from hdemucs.training.processes import Processes
from hdemucs.training.seeds import seed_for
from hdemucs.training.svd_penalty.penalty import Penalty

Batch = Float[Tensor, "batch source channel sample"]
AUGMENTATIONS = ("shift", "swap", "sign", "gain", "remix")


@dataclass(frozen=True)
class Outcome:
    """A step's numbers, still on the device."""

    loss: Tensor  # without the penalty
    silence: Tensor  # the loss of silent estimates
    penalty: Tensor  # not weighted

    def row(self) -> Float[Tensor, " number"]:
        """The three, in double precision."""
        values = (self.loss, self.silence, self.penalty.to(self.loss.device))
        return torch.stack([value.double() for value in values])


class Learner:
    """A model, its optimiser and everything else that changes from step to step."""

    def __init__(self, model: Separator, config: TrainConfig, processes: Processes) -> None:
        training = config.training
        self.model = model.to(processes.device)
        self.processes, self.bf16 = processes, training.bf16
        network = compiled(self.model) if training.compile else self.model
        self.network = processes.wrapped(network)
        self.optimiser = adam(self.model, training.optimiser)
        self.averages = Averages(self.model, training.averages)
        self.penalty = training.penalty and Penalty(
            self.model, training.penalty, seed_for(training.seed, "penalty")
        )
        self.loss = WeightedL1(training.weights, config.model.sources)
        seeds = {name: seed_for(training.seed, name) for name in AUGMENTATIONS}
        self.augmentations: Sequence[Augmentation] = augmentations(
            training.augment, config.sample_rate, seeds, processes.share
        )

    def step(self, stems: Batch) -> Outcome:
        """One update of the weights on a batch of normalised stems."""
        stems = stems.to(self.processes.device, non_blocking=True)
        for augmentation in self.augmentations:
            stems = augmentation(stems)
        with torch.autocast(stems.device.type, torch.bfloat16, enabled=self.bf16):
            estimates = self.network(stems.sum(1))
        loss = self.loss(estimates, stems)
        torch.autograd.backward(loss)
        penalty = self.penalty.descend() if self.penalty else torch.zeros(())
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.averages.after_step()
        return Outcome(loss.detach(), self.loss.of_silence(stems), penalty)

    def candidates(self) -> dict[str, Weights]:
        """The weights that validation chooses from, by name."""
        averages = self.averages.by_name.items()
        return {"model": weights_of(self.model), **{n: a.weights for n, a in averages}}

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on."""
        parts = {
            "model": weights_of(self.model),
            "optimiser": self.optimiser_state(),
            "averages": self.averages.state(),
            "penalty": self.penalty.state() if self.penalty else {},
            "generator": {a.name: a.generator.get_state() for a in self.augmentations},
        }
        return {
            f"{part}/{n}": tensor for part, state in parts.items() for n, tensor in state.items()
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        copy(under(state, "model"), weights_of(self.model))
        self.restore_optimiser(under(state, "optimiser"))
        self.averages.restore(under(state, "averages"))
        if self.penalty:
            self.penalty.restore(under(state, "penalty"))
        for augmentation in self.augmentations:
            augmentation.generator.set_state(state[f"generator/{augmentation.name}"])

    def optimiser_state(self) -> dict[str, Tensor]:
        """Adam's moments, by the parameters' names."""
        return {
            f"{name}/{key}": value
            for name, parameter in self.model.named_parameters()
            for key, value in self.optimiser.state[parameter].items()
        }

    def restore_optimiser(self, state: dict[str, Tensor]) -> None:
        for name, parameter in self.model.named_parameters():
            kept = under(state, name)
            self.optimiser.state[parameter] = {
                key: value.to(parameter.device) for key, value in kept.items()
            }


def adam(model: Separator, config: AdamConfig) -> torch.optim.Adam:
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(model.parameters(), config.learning_rate, betas, fused=True)
