"""Exponential moving averages of the weights; buffers are copied, not averaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from hdemucs.config.training import AverageConfig

Weights = Mapping[str, Tensor]


class Average:
    """One moving average, corrected for its start.

    The n-th update counts the new weights with the share 1 / (1 + d + ... + d^(n-1)), d being the
    decay. So the first update copies them, and no later average leans towards its start.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay, self.count = decay, 0.0
        self.current: list[Tensor] = list(model.parameters())
        names = [name for name, _ in model.named_parameters()]
        zeros = torch._foreach_mul([p.detach() for p in self.current], 0.0)
        self.parameters = dict(zip(names, zeros, strict=True))
        self.sources = buffers_of(model)
        self.buffers = cloned(self.sources)

    @property
    def weights(self) -> dict[str, Tensor]:
        """Averaged parameters, and the buffers of the last update."""
        return {**self.parameters, **self.buffers}

    @torch.no_grad()
    def update(self) -> None:
        """Add the model's present weights to the average, and copy its buffers."""
        self.count = self.count * self.decay + 1
        torch._foreach_lerp_(list(self.parameters.values()), self.current, 1 / self.count)
        copy(self.sources, self.buffers)

    def state(self) -> dict[str, Tensor]:
        return {**self.weights, "": torch.tensor(self.count, dtype=torch.float64)}

    def restore(self, state: Weights) -> None:
        self.count = state[""].item()
        copy(state, self.weights)


class Averages:
    """All of a run's averages, by name: `step-0.9999`, `epoch-0.95`."""

    def __init__(self, model: nn.Module, config: AverageConfig) -> None:
        self.per_step = {f"step-{decay:g}": Average(model, decay) for decay in config.step}
        self.per_epoch = {f"epoch-{decay:g}": Average(model, decay) for decay in config.epoch}
        self.by_name = {**self.per_step, **self.per_epoch}

    def after_step(self) -> None:
        for average in self.per_step.values():
            average.update()

    def after_epoch(self) -> None:
        for average in self.per_epoch.values():
            average.update()

    def state(self) -> dict[str, Tensor]:
        return {
            f"{which}/{name}": tensor
            for which, average in self.by_name.items()
            for name, tensor in average.state().items()
        }

    def restore(self, state: Weights) -> None:
        for which, average in self.by_name.items():
            average.restore(under(state, which))


def under(state: Weights, prefix: str) -> dict[str, Tensor]:
    """The part of a state below `prefix/`."""
    start = f"{prefix}/"
    return {n.removeprefix(start): tensor for n, tensor in state.items() if n.startswith(start)}


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """The model's parameters and persistent buffers by name: themselves, not copies."""
    return {name: tensor.detach() for name, tensor in model.state_dict(keep_vars=True).items()}


def buffers_of(model: nn.Module) -> dict[str, Tensor]:
    """The persistent buffers by name, such as running statistics: themselves, not copies."""
    parameters = dict(model.named_parameters())
    return {name: tensor for name, tensor in weights_of(model).items() if name not in parameters}


@torch.no_grad()
def copy(source: Weights, target: Weights) -> None:
    """Set every tensor of `target`, in place, to the tensor of the same name in `source`."""
    for name, tensor in target.items():
        tensor.copy_(source[name])


def cloned(weights: Weights) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in weights.items()}


@contextmanager
def swapped(model: nn.Module, weights: Weights) -> Iterator[nn.Module]:
    """Give the model other weights inside a `with` block, then its own again."""
    mine = weights_of(model)
    saved = cloned(mine)
    copy(weights, mine)
    try:
        yield model
    finally:
        copy(saved, mine)
