"""A training step of the official code (demucs 4.1.0), with which ours is compared.

It does what `Solver._run_one_epoch` of demucs/solver.py does: augmentations, forward pass, L1 loss,
penalty, backward pass, Adam, and moving averages after each step.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.config.training import TrainConfig
from hdemucs.models.demucs.official.settings import from_config

DIMENSIONS, ROUNDS = 100, 4  # of the official penalty, `svd=base2` of its grids
SEGMENT = 44  # seconds, as in conf/config.yaml for the paper's models

Batch = Float[Tensor, "batch source channel sample"]


def installed() -> bool:
    """Whether the official package is installed."""
    return find_spec("demucs") is not None


def official_model(config: TrainConfig) -> nn.Module:
    """The official network of a configuration, with random weights."""
    kind, arguments = from_config(config.model, config.variant)
    torch.manual_seed(config.training.seed)
    made = getattr(import_module(kind.module), kind.name)
    model: nn.Module = made(**arguments, samplerate=config.sample_rate, segment=SEGMENT)
    return model


class OfficialStep:
    """The official network and everything else that changes from step to step."""

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        changes: Any = import_module("demucs.augment")
        average: Any = import_module("demucs.ema").ModelEMA
        training, mixing = config.training, config.training.mixing
        self.model = official_model(config).to(device).train()
        self.device, self.penalty = device, training.penalty
        shift = int(mixing.shift * config.sample_rate)
        self.augment = nn.Sequential(
            changes.Shift(shift, mixing.same_shift), changes.FlipChannels(), changes.FlipSign(),
            changes.Scale(1.0, *mixing.gain), changes.Remix(group_size=mixing.remix),
        )  # fmt: skip
        betas = (training.optimiser.beta1, training.optimiser.beta2)
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), lr=training.optimiser.learning_rate, betas=betas
        )
        decays = training.averages.step
        self.averages = [average(self.model, decay, device=device) for decay in decays]

    def step(self, stems: Batch) -> Tensor:
        """Update the weights once; return the loss before the update."""
        stems = self.augment(stems.to(self.device))
        estimates = self.model(stems.sum(1))
        loss = F.l1_loss(estimates, stems, reduction="none").mean((2, 3)).mean(0).mean()
        total = loss
        if self.penalty:
            total = loss + self.penalty.weight * self.singular_values()
        total.backward()  # type: ignore[no-untyped-call]
        torch.stack([p.grad.norm() for p in self.model.parameters() if p.grad is not None]).norm()
        self.optimiser.step()
        self.optimiser.zero_grad()
        for average in self.averages:
            average.update()
        return loss.detach()

    def singular_values(self) -> Any:
        """The sum of the penalty, with gradients."""
        svd: Any = import_module("demucs.svd")
        found = svd.svd_penalty(self.model, self.penalty.min_size, dim=DIMENSIONS, niters=ROUNDS)
        return found + torch.zeros((), requires_grad=True)  # 0 if no weight is large enough

    def penalise(self) -> None:
        """Compute only the penalty and its gradient."""
        (self.penalty.weight * self.singular_values()).backward()
        self.optimiser.zero_grad()
