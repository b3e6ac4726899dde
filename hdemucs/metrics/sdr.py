"""SDR of BSSEval v4, the metric of the paper's tables, in closed form.

museval 0.4.1 splits each estimate with filters of 512 taps into target, spatial, interference and
artifact parts. The three errors of that split add up to estimate - reference, whatever the filters
(museval issue 101), so SDR needs none of them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from hdemucs.metrics.frames import Frames, unscored
from hdemucs.metrics.signals import Estimates, Sources, decibels, fitted

Signal = Float[np.ndarray, "channel sample"]
Scores = Float[np.ndarray, "source frame"]


def sdr(references: Sources, estimates: Estimates, window: int, hop: int) -> Scores:
    """10 log10(|s|^2 / |s - e|^2) in each frame, dB, summed over time and channels.

    NaN for all sources in a frame where any reference or estimate is silent; +inf where the
    estimate is exact. Equals `museval.evaluate(...)[0]`. `window` and `hop` are in samples.
    """
    estimates = fitted(estimates, references.shape[-1])
    frames = Frames(references.shape[-1], window, hop)
    scores = np.empty((len(references), len(frames)))
    for index, frame in enumerate(frames):
        pairs = zip(references[..., frame], estimates[..., frame], strict=True)
        wanted, wrong = np.transpose([energies(*pair) for pair in pairs])
        scores[:, index] = decibels(wanted, wrong)
    scores[:, unscored(references, estimates, frames)] = np.nan
    return scores


def energies(reference: Signal, estimate: Signal) -> tuple[float, float]:
    """Energies of a reference and of its estimate's error; one source at a time fits the cache."""
    wanted = reference.astype(np.float64)
    wrong = (wanted - estimate).ravel()
    return float(np.dot(wanted.ravel(), wanted.ravel())), float(np.dot(wrong, wrong))
