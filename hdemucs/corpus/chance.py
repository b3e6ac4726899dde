"""Random events with a given probability."""

from __future__ import annotations

import numpy as np


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with that probability; always draws exactly one number from the generator."""
    return bool(rng.random() < probability)
