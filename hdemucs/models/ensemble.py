"""Several models as one: the paper's best numbers are bags of two or four."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.errors import UserError

from .blocks.containers import Sequence as Modules
from .family import Mixture, Separator, Sources

Estimates = Float[Tensor, "*batch source channel length"]


class Bag(nn.Module):
    """The weighted mean of models' estimates, source by source.

    Whoever separates a song with random shifts gives each model its own, and combines what
    they made of the song; `forward` is for those who do not: all models see the same.
    """

    shares: Tensor  # [model, source]; of each source, they add up to 1

    def __init__(
        self, models: Iterable[Separator], weights: Sequence[Sequence[float]] | None = None
    ) -> None:
        """`weights[model][source]`, on any scale; None: all the same.

        Raises:
            UserError: the models' sources differ, or the weights do not fit them.
        """
        super().__init__()
        self.models = Modules[Separator](models)
        self.sources = same_sources(self.models)
        shape = (len(self.models), len(self.sources))
        self.register_buffer("shares", shares(weights, shape), persistent=False)

    def combine(self, estimates: Iterable[Estimates]) -> Estimates:
        """The mean of one estimate a model, in the models' order; one at a time in memory."""
        parts = (
            share[:, None, None].to(estimate) * estimate
            for share, estimate in zip(self.shares, estimates, strict=True)
        )
        total = next(parts)
        for part in parts:
            total = total + part
        return total

    def forward(self, mix: Mixture) -> Sources:
        return self.combine(model(mix) for model in self.models)

    def valid_length(self, length: int) -> int:
        """The longest of the models' valid lengths."""
        return max(model.valid_length(length) for model in self.models)


def same_sources(models: Iterable[Separator]) -> tuple[str, ...]:
    lists = {model.sources for model in models}
    if len(lists) != 1:
        raise UserError(
            "bag", f"its models give {sorted(lists)}", "take models of the same sources"
        )
    return lists.pop()


def shares(weights: Sequence[Sequence[float]] | None, shape: tuple[int, int]) -> Tensor:
    """Weights scaled to add up to 1 for each source: [model, source]."""
    if weights is None:
        return torch.full(shape, 1 / shape[0])
    if [len(row) for row in weights] != [shape[1]] * shape[0]:
        problem = f"must be {shape[0]} rows, one a model, of {shape[1]} numbers, one a source"
        raise UserError("bag.weights", problem, "correct them")
    rows = torch.tensor(weights, dtype=torch.float64)
    if not (rows.isfinite().all() and (rows >= 0).all() and (rows.sum(0) > 0).all()):
        problem = "leave a source without a model, or are negative"
        raise UserError("bag.weights", problem, "give each source some positive weight")
    return (rows / rows.sum(0)).float()
