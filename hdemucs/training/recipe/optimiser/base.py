"""A torch optimiser with what recipes add: a schedule's factor and gradient clipping."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hdemucs.training.average import Weights, under


@dataclass(frozen=True)
class Optimiser:
    """A torch optimiser; gradients with an L2 norm above `clip`, over all weights, are scaled to
    it.
    """

    inner: torch.optim.Optimizer
    model: nn.Module
    rate: float  # before the schedule's factor
    clip: float | None = None

    def step(self, factor: float) -> None:
        """Update the weights at `factor` times the rate, then clear the gradients."""
        for group in self.inner.param_groups:
            group["lr"] = self.rate * factor
        if self.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.inner.step()
        self.inner.zero_grad()

    def state(self) -> dict[str, Tensor]:
        """The optimiser's tensors for each weight, by the weights' names."""
        return {
            f"{name}/{key}": value
            for name, parameter in self.model.named_parameters()
            for key, value in self.inner.state[parameter].items()
        }

    def restore(self, state: Weights) -> None:
        for name, parameter in self.model.named_parameters():
            self.inner.state[parameter] = {
                key: value.to(parameter.device) for key, value in under(state, name).items()
            }
