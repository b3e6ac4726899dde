"""What an objective is: the separator, and all that is compared of it with the stems."""

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
    """A loss that holds the separator, so that it may look into it.

    Batches hold the stems of all of the data's sources; their sum is the mixture. Under
    `training.bf16` everything runs in autocast: losses take `.float()` of estimates.
    """

    def __init__(self, separator: Separator, task: Task) -> None:
        super().__init__()
        self.separator, self.task = separator, task
        self.places = [task.sources.index(source) for source in separator.sources]
        # Draws of the global batch; checkpoints hold its state.
        self.generator = torch.Generator().manual_seed(seed_for(task.seed, "objective"))

    @abstractmethod
    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        """The loss as "total", and its parts by name: a column of the history each."""

    @abstractmethod
    def monitor(self, estimates: Song, references: Song) -> Scalar:
        """What validation minimises: of a whole song's waveforms, in the separator's sources."""

    @abstractmethod
    def silence(self, stems: Batch) -> Scalar:
        """The total that silent estimates have, the worst that a model need ever be.

        A run counts as diverged by its loss as a share of this; 0 where a share means nothing.
        """

    def targets(self, stems: Batch) -> Float[Tensor, "batch target channel sample"]:
        """The stems of the separator's own sources, in its order."""
        if self.places == list(range(stems.shape[1])):
            return stems
        return stems[:, self.places]

    def estimated(self, stems: Batch) -> tuple[Targets, Targets]:
        """Estimates of the mixture's middle, and the references there."""
        estimates = self.separator.centre(stems.sum(1)).float()
        return estimates, middle(self.targets(stems), estimates.shape[-1])

    def draw(self, examples: int, below: int) -> Int[Tensor, " batch"]:
        """A random integer for each of this process' examples, the same for any number of them."""
        total = (self.task.share.total(examples),)
        return self.task.share.of(torch.randint(below, total, generator=self.generator))


def shares(weights: Mapping[str, float] | None, sources: Sequence[str]) -> Float[Tensor, " source"]:
    """Weights of some sources, scaled to add up to 1; None: all alike."""
    values = torch.tensor([1.0 if weights is None else weights[source] for source in sources])
    return values / values.sum()
