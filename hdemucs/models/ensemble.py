"""Several models as one: bags of models for the same sources, or one model per source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.errors import UserError

from .blocks.containers import Sequence as Modules
from .family import DEMUCS, Conditions, Mixture, Separator, Sources

Estimates = Float[Tensor, "*batch source channel length"]
Every = Float[Tensor, "*batch every channel length"]  # source of the ensemble
Weights = Sequence[Mapping[str, float]]


class Ensemble(nn.Module):
    """The weighted mean of several models' estimates, source by source.

    Its sources are those of all models, in the order in which they first appear. A single model is
    an ensemble of one. A caller that separates songs with random shifts gives each model its own
    shifts and calls `combine`; other callers use `forward`.
    """

    shares: Tensor  # [model, source]; they add up to 1 for each source

    def __init__(
        self,
        models: Iterable[Separator],
        weights: Weights | None = None,
        conditions: Sequence[Conditions] | None = None,
    ) -> None:
        """`weights[model]` are by source and need not add up to 1; None: equal weights.

        Raises:
            UserError: the weights do not fit the models' sources.
        """
        super().__init__()
        self.models = Modules[Separator](models)
        self.sources = tuple(dict.fromkeys(s for model in self.models for s in model.sources))
        self.conditions = tuple(conditions or [DEMUCS] * len(self.models))
        self.places = [[self.sources.index(s) for s in model.sources] for model in self.models]
        own = [model.sources for model in self.models]
        self.register_buffer("shares", shares(weights, own, self.sources), persistent=False)

    def combine(self, estimates: Iterable[Estimates]) -> Every:
        """The weighted mean; takes one estimate per model, in order, and holds one at a time in
        memory.
        """
        parts = (
            self.weighed(model, estimate)
            for model, estimate in zip(range(len(self.models)), estimates, strict=True)
        )
        total = next(parts)
        for part in parts:
            total = total + part
        return total

    def weighed(self, model: int, estimate: Estimates) -> Every:
        """A model's part of the mean: its estimates times its shares, zeros for others."""
        places = self.places[model]
        own = self.shares[model, places][:, None, None].to(estimate) * estimate
        if len(places) == len(self.sources) == own.shape[-3] and places == sorted(places):
            return own
        every = own.new_zeros(*own.shape[:-3], len(self.sources), *own.shape[-2:])
        every[..., places, :, :] = own
        return every

    def forward(self, mix: Mixture) -> Sources:
        return self.combine(model(mix) for model in self.models)

    def valid_length(self, length: int) -> int:
        """The longest of the models' valid lengths."""
        return max(model.valid_length(length) for model in self.models)


def shares(
    weights: Weights | None, own: Sequence[tuple[str, ...]], sources: tuple[str, ...]
) -> Float[Tensor, "model source"]:
    """Weights that add up to 1 for each source; 0 where a model does not have the source."""
    given = [dict.fromkeys(names, 1.0) for names in own] if weights is None else list(weights)
    if [set(each) for each in given] != [set(names) for names in own]:
        problem = "must give each model a number for each of its sources, and no others"
        raise UserError("bag.weights", problem, "correct them")
    rows = torch.tensor(
        [[each.get(source, 0.0) for source in sources] for each in given], dtype=torch.float64
    )
    if not (rows.isfinite().all() and (rows >= 0).all() and (rows.sum(0) > 0).all()):
        problem = "leave a source without a model, or are negative"
        raise UserError("bag.weights", problem, "give each source some positive weight")
    return (rows / rows.sum(0)).float()
