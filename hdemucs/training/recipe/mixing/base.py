"""What a mixing is: how examples are read from songs, and how a batch of them is changed."""

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
    """The training songs that examples are read from."""

    root: Path
    manifest: Manifest
    scale: Scale  # the scale at which stems are trained on


class Examples(Dataset[Batch], ABC):
    """Reads parts of an epoch's batches.

    An example is asked for by its place in the epoch and its index in the data. Random numbers are
    drawn for (epoch, place), so any number of workers and processes makes the same batches.
    """

    epoch: int = 0

    @abstractmethod
    def __len__(self) -> int:
        """How many examples one pass over the data has."""

    @abstractmethod
    def __getitem__(self, chosen: list[tuple[int, int]]) -> Batch:
        """The examples for these (place, index): [example, source, channel, sample]."""


class Mixing(ABC):
    """Makes a batch's examples; it can be built without any data, as preflight does."""

    group: int = 1  # examples whose stems are mixed among each other: a batch has whole groups
    lost: int = 0  # samples by which augmentations shorten each example
    repitch: Repitch | None = None  # applied while an example is read
    augmentations: Sequence[Augmentation] = ()  # of batches, in order; checkpoints hold their state

    @abstractmethod
    def examples(self, songs: Songs) -> Examples:
        """Open the training songs.

        Raises:
            UserError: a file is missing or not as the manifest says.
        """

    @abstractmethod
    def count(self, frames: Iterable[int]) -> int:
        """How many examples an epoch has, from the songs' lengths in samples."""

    def kept(self, samples: int) -> int:
        """How many samples are left of an example when `samples` are read for it."""
        return self.repitch.kept(samples) if self.repitch else samples
