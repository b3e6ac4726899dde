"""An optimiser of torch's with what recipes add to one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hdemucs.training.average import Weights, under


@dataclass(frozen=True)
class Optimiser:
    """One of torch's; gradients longer than `clip` (L2, over all weights) are scaled to it."""

    inner: torch.optim.Optimizer
    model: nn.Module
    rate: float  # before the schedule's factor
    clip: float | None = None

    def step(self, factor: float) -> None:
        """One update at `factor` times the rate; gradients are gone afterwards."""
        for group in self.inner.param_groups:
            group["lr"] = self.rate * factor
        if self.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.inner.step()
        self.inner.zero_grad()

    def state(self) -> dict[str, Tensor]:
        """What it keeps of each weight, by the weights' names."""
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
