"""One seed for a run, from which the seed of every purpose follows."""

from __future__ import annotations

import zlib

import numpy as np


def seed_for(seed: int, purpose: str, *places: int) -> int:
    """A seed of 63 bits, independent for every purpose and places (an epoch, an example)."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *places])
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)
