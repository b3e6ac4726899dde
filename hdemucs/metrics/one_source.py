"""Metrics of a single source, such as an excerpt or an anchor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from hdemucs.metrics.nsdr import nsdr

Signal = Float[np.ndarray, "channel sample"]


def nsdr_of_one(reference: Signal, estimate: Signal) -> float:
    """NSDR of one source, dB."""
    return float(nsdr(reference[None], estimate[None])[0])
