"""Spectra of a song's blocks, a few blocks at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

GROUP = 8  # blocks that are worked on together: with more columns, small matrices cost less each
TOGETHER = 4  # blocks that are transformed together, so that their samples stay in the cache
PRIMES = (2, 3, 5, 7)  # FFTs are fast for lengths with these factors

Spectrum = Complex[Tensor, "frequency channel block"]
Memory = Complex[Tensor, " number"]
Rows = Float[np.ndarray, "channel place sample"]


def fast_length(least: int) -> int:
    """The smallest even number, not below `least`, that has no prime factor above 7."""
    length = least + least % 2
    while rest(length) != 1:
        length += 2
    return length


def rest(number: int) -> int:
    """The number divided by all of its small prime factors."""
    for prime in PRIMES:
        while number % prime == 0:
            number //= prime
    return number


@dataclass(frozen=True)
class Song:
    """The channels of all references, then of all estimates, without a copy."""

    references: Float[np.ndarray, "channel sample"]
    estimates: Float[np.ndarray, "channel sample"]

    @property
    def channels(self) -> int:
        return len(self.references) + len(self.estimates)

    @property
    def samples(self) -> int:
        return self.references.shape[-1]

    def copy(self, block: slice, rows: Float[np.ndarray, "channel sample"]) -> None:
        """Copy a block to the start of float64 `rows`, and zeros behind it."""
        half, length = len(self.references), block.stop - block.start
        rows[:half, :length] = self.references[:, block]
        rows[half:, :length] = self.estimates[:, block]
        rows[:, length:] = 0


@dataclass(frozen=True)
class Spectra:
    """The spectra of blocks in float64, zero-padded to `length`; every pass computes them again."""

    song: Song
    blocks: Sequence[slice]
    length: int  # even
    device: torch.device

    def __iter__(self) -> Iterator[Spectrum]:
        """Yield group after group, with the bin first, as batches of small matrices need it.

        All groups use the same memory, since fresh memory costs as much as the transforms.
        """
        rows = np.empty((self.song.channels, TOGETHER, self.length))
        size = (self.length // 2 + 1) * self.song.channels * min(GROUP, len(self.blocks))
        memory = torch.empty(size, dtype=torch.complex128, device=self.device)
        for start in range(0, len(self.blocks), GROUP):
            yield self.group(self.blocks[start : start + GROUP], rows, memory)

    def group(self, blocks: Sequence[slice], rows: Rows, memory: Memory) -> Spectrum:
        """The spectra of some blocks, in `memory`; `rows` is memory for their samples."""
        shape = self.length // 2 + 1, self.song.channels, len(blocks)
        spectrum = memory[: math.prod(shape)].view(shape)
        for start in range(0, len(blocks), TOGETHER):
            some = blocks[start : start + TOGETHER]
            for place, block in enumerate(some):
                self.song.copy(block, rows[:, place])
            moved = torch.from_numpy(rows[:, : len(some)]).to(self.device)
            spectrum[..., start : start + len(some)] = torch.fft.rfft(moved).permute(2, 0, 1)
        return spectrum
