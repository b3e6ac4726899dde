"""What an objective is: a loss that holds the separator and compares its estimates with stems."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from hdemucs.models.family import Separator, middle
from hdemucs.training.recipe.task import Task
from hdemucs.training.seeds import seed_for

Batch = Float[Tensor, "batch source channel sample"]
Targets = Float[Tensor, "batch target channel inside"]
Song = Float[Tensor, "target channel sample"]
Scalar = Float[Tensor, ""]


class Objective(nn.Module, ABC):
    """A training loss. It holds the separator, so that it may use what the separator computes
    inside.

    `stems` [example, source, channel, sample] are those of all of the data's sources; their sum is
    the mixture. Under `training.bf16` everything runs in autocast, so losses convert estimates by
    `.float()`.
    """

    def __init__(self, separator: Separator, task: Task) -> None:
        super().__init__()
        self.separator, self.task = separator, task
        self.places = [task.sources.index(source) for source in separator.sources]
        # Draws for the whole batch of all processes; checkpoints hold its state.
        self.generator = torch.Generator().manual_seed(seed_for(task.seed, "objective"))

    @abstractmethod
    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        """The loss to minimise as "total", and its parts by name; the history has a column for
        each.
        """

    @abstractmethod
    def monitor(self, estimates: Song, references: Song) -> Scalar:
        """The loss that validation minimises, from the waveforms of a whole song, [source, channel,
        sample].
        """

    @abstractmethod
    def silence(self, stems: Batch) -> Scalar:
        """The total loss of silent estimates, the worst that a model need ever have.

        Divergence is judged by the loss as a share of this; 0 where such a share means nothing.
        """

    def targets(self, stems: Batch) -> Float[Tensor, "batch target channel sample"]:
        """The stems of the separator's own sources, in the separator's order."""
        if self.places == list(range(stems.shape[1])):
            return stems
        return stems[:, self.places]

    def estimated(self, stems: Batch) -> tuple[Targets, Targets]:
        """Estimates of the mixture's middle, and the stems there to compare them with."""
        estimates = self.separator.centre(stems.sum(1)).float()
        return estimates, middle(self.targets(stems), estimates.shape[-1])

    def draw(self, examples: int, below: int) -> Int[Tensor, " batch"]:
        """A random integer below `below` for each of this process' examples, however many
        processes.
        """
        total = (self.task.share.total(examples),)
        return self.task.share.of(torch.randint(below, total, generator=self.generator))


def shares(weights: Mapping[str, float] | None, sources: Sequence[str]) -> Float[Tensor, " source"]:
    """Weights of the sources, scaled to add up to 1; None: equal weights."""
    values = torch.tensor([1.0 if weights is None else weights[source] for source in sources])
    return values / values.sum()
