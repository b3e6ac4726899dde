"""The objective: mean absolute error of waveforms (paper facts 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Batch = Float[Tensor, "batch source channel sample"]


class WeightedL1:
    """|estimate - reference|, averaged over time, channels and examples, then over sources."""

    def __init__(self, weights: Mapping[str, float], sources: Sequence[str]) -> None:
        values = torch.tensor([weights[source] for source in sources])
        self.weights = values / values.sum()

    def __call__(self, estimates: Batch, references: Batch) -> Float[Tensor, ""]:
        each = (estimates.float() - references).abs().mean(dim=(0, 2, 3))
        return (each * self.weights.to(each)).sum()

    @torch.no_grad()
    def of_silence(self, references: Batch) -> Float[Tensor, ""]:
        """The loss of silent estimates: the worst that a model need ever be."""
        each = references.abs().mean(dim=(0, 2, 3))
        return (each * self.weights.to(each)).sum()
