"""The tracks of a corpus: each depends only on (seed, split, index).

So tracks can be added without changing the others, and be made in any order by any number of jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.names import name
from hdemucs.corpus.styles import STYLES

SPLITS = ("train", "valid", "test")
VOICES = ("female", "male")


@dataclass(frozen=True)
class Plan:
    """One track, before it is made."""

    seed: int
    split: str
    index: int

    @property
    def name(self) -> str:
        return name(self.seed, self.index * len(SPLITS) + SPLITS.index(self.split))

    @property
    def folder(self) -> Path:
        """The track's folder below the corpus' root; as in MUSDB18, validation tracks are in
        train/.
        """
        return Path("test" if self.split == "test" else "train") / self.name

    @property
    def style(self) -> str:
        return str(self.dealt(list(STYLES), 0))

    @property
    def voice(self) -> str:
        return str(self.dealt(list(VOICES), 1))

    def dealt(self, values: list[str], deck: int) -> str:
        """A value drawn without replacement: all are shuffled again when each was drawn once."""
        turn, place = divmod(self.index, len(values))
        rng = np.random.default_rng([self.seed, SPLITS.index(self.split), turn, deck, 1])
        return values[int(rng.permutation(len(values))[place])]

    def generators(self) -> tuple[np.random.Generator, ...]:
        """The random generators for composing, mixing, balancing and singing."""
        root = np.random.SeedSequence([self.seed, SPLITS.index(self.split), self.index])
        return tuple(np.random.default_rng(child) for child in root.spawn(4))


def plans(config: CorpusConfig) -> list[Plan]:
    """All tracks: of training, validation and test."""
    counts = {"train": config.train, "valid": config.valid, "test": config.test}
    return [Plan(config.seed, split, i) for split in SPLITS for i in range(counts[split])]
