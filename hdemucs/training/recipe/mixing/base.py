"""What a mixing is: how examples are read from songs, and what is done to a batch of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from hdemucs.data.augment import Augmentation
from hdemucs.data.manifest import Manifest
from hdemucs.data.repitch import Repitch
from hdemucs.data.segments import Scale

Batch = Float[Tensor, "batch source channel sample"]


@dataclass(frozen=True, kw_only=True)
class Songs:
    """Where examples come from: the training songs of a data set."""

    root: Path
    manifest: Manifest
    scale: Scale  # at which their stems are trained on


class Examples(Dataset[Batch], ABC):
    """Parts of batches of one epoch, by the places of their examples in it, and these' indices.

    What is drawn at random is drawn for (epoch, place), so that any number of workers and
    processes makes the same batches.
    """

    epoch: int = 0

    @abstractmethod
    def __len__(self) -> int:
        """How many examples one pass over the data has."""

    @abstractmethod
    def __getitem__(self, chosen: list[tuple[int, int]]) -> Batch:
        """The examples at (place, index)."""


class Mixing(ABC):
    """Built without any data, as preflight wants it."""

    group: int = 1  # examples that are dealt among each other: batches have whole groups
    lost: int = 0  # samples that augmentations cut off each example
    repitch: Repitch | None = None  # done by whoever reads an example
    augmentations: Sequence[Augmentation] = ()  # of batches, in order; checkpoints hold their state

    @abstractmethod
    def examples(self, songs: Songs) -> Examples:
        """
        Raises:
            UserError: a file is missing or not as the manifest says.
        """

    @abstractmethod
    def count(self, frames: Iterable[int]) -> int:
        """How many examples training songs of so many samples have."""

    def kept(self, samples: int) -> int:
        """Of `samples` read, how many the examples of a batch have."""
        return self.repitch.kept(samples) if self.repitch else samples
