"""SDR, ISR, SIR and SAR of BSSEval v4, frame by frame."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from hdemucs.metrics.bsseval.correlation import across, correlations
from hdemucs.metrics.bsseval.energies import PARTS, Both, Energies, Own, Shared, energies
from hdemucs.metrics.bsseval.filters import ILL_POSED, IllPosedWarning, project
from hdemucs.metrics.bsseval.quadratic import Estimated, from_lags
from hdemucs.metrics.bsseval.spectra import Song, Spectra, fast_length
from hdemucs.metrics.frames import Frames, unscored
from hdemucs.metrics.sdr import sdr
from hdemucs.metrics.signals import Estimates, Sources, decibels, fitted

KEPT = 1 << 30  # most bytes of correlations, one for each frame

Scores = Float[np.ndarray, "source frame"]


class Evaluated(NamedTuple):
    """The scores of one song."""

    frames: dict[str, Scores]  # dB, by metric
    dependent: bool  # references hardly determine the filters: ISR, SIR and SAR mean nothing


def bsseval(
    references: Sources,
    estimates: Estimates,
    window: int,
    hop: int,
    taps: int = 512,
    device: torch.device | None = None,
) -> dict[str, Scores]:
    """As `evaluate`, but returns the scores only, and warns if the references are dependent."""
    found = evaluate(references, estimates, window, hop, taps, device)
    if found.dependent:
        warnings.warn(IllPosedWarning(ILL_POSED), stacklevel=2)
    return found.frames


def evaluate(
    references: Sources,
    estimates: Estimates,
    window: int,
    hop: int,
    taps: int = 512,
    device: torch.device | None = None,
) -> Evaluated:
    """Framewise scores in dB by metric, as `museval.evaluate(mode="v4")` gives them.

    Vincent, Gribonval and Févotte, IEEE TASLP 14(4), 2006; Liutkus, Stöter and Ito, "The 2018
    Signal Separation Evaluation Campaign". The filters are fitted once, on the whole song. No
    reference and no estimate may be silent throughout. `window`, `hop` and `taps` are in samples.
    """
    estimates = fitted(estimates, references.shape[-1])
    frames = Frames(references.shape[-1], window, hop)
    device = device or torch.device("cpu")
    scores, dependent = framewise(references, estimates, frames, taps, device)
    for values in scores.values():
        values[:, unscored(references, estimates, frames)] = np.nan
    return Evaluated({"SDR": sdr(references, estimates, window, hop), **scores}, dependent)


def framewise(
    references: Sources, estimates: Sources, frames: Frames, taps: int, device: torch.device
) -> Evaluated:
    """The scores that need filters, in every frame."""
    song = Song(references.reshape(-1, frames.samples), estimates.reshape(-1, frames.samples))
    blocks = cut(song, frames, taps)
    found = correlations(song, blocks, taps, device)
    whole = found.sum(0) + across(song, [block.start for block in blocks[1:]], taps)
    shared, own, dependent = fit(whole.numpy(), len(references))
    filters = Both.of(shared, own)
    if list(frames) == blocks[: len(frames)]:
        parts, doubtful = from_lags(found[: len(frames)], energy(estimates, frames), filters)
    else:
        parts, doubtful = nothing(frames, filters.sources)
    again = [frame for frame, doubt in zip(frames, doubtful, strict=True) if doubt]
    if again:
        length = fast_length(frames.length + taps - 1)
        exact = energies(Spectra(song, again, length, device), filters, length)
        for name, values in exact.items():
            parts[name][:, doubtful] = values
    target = energy(references, frames).sum(-1)
    return Evaluated(ratios(target.T, parts), dependent)


def cut(song: Song, frames: Frames, taps: int) -> list[slice]:
    """The frames and the rest of the song, if they do not overlap; or else the whole song."""
    size = len(song.references) * song.channels * taps * torch.float64.itemsize
    if frames.hop != frames.length or frames.length < taps or len(frames) * size > KEPT:
        return [slice(0, song.samples)]
    starts = range(0, song.samples, frames.length)
    return [slice(start, min(start + frames.length, song.samples)) for start in starts]


def nothing(frames: Frames, sources: int) -> Estimated:
    """No energy of any frame yet."""
    empty = {name: np.empty((sources, len(frames))) for name in PARTS}
    return Estimated(empty, np.ones(len(frames), dtype=bool))


def ratios(target: Scores, parts: Energies) -> dict[str, Scores]:
    """The metrics in the frames of `target`, from the energies of the parts."""
    return {
        "ISR": decibels(target, parts["spatial"]),
        "SIR": decibels(parts["own"], parts["interference"]),
        "SAR": decibels(parts["all"], parts["artifacts"]),
    }


def energy(signals: Sources, frames: Frames) -> Float[np.ndarray, "frame source channel"]:
    """The energy of every channel in every frame."""
    parts = (signals[..., frame].astype(np.float64) for frame in frames)
    return np.stack([np.einsum("scn,scn->sc", part, part) for part in parts])


def fit(
    correlation: Float[np.ndarray, "reference channel lag"], sources: int
) -> tuple[Shared, Own, bool]:
    """The filters for all estimates, and each source's own: [1 or source, tap, from, to].

    The third value is whether the references do not determine them.
    """
    half = len(correlation)
    gram = np.moveaxis(correlation[:, :half], -1, 0)  # [lag, a, b]: sum a[n] b[n + k]
    right = np.moveaxis(correlation[:, half:], -1, 0)
    everything, together = project(gram[None], right[None])
    size = half // sources
    places = [slice(start, start + size) for start in range(0, half, size)]
    own, alone = project(
        np.stack([gram[:, p, p] for p in places]), np.stack([right[:, p, p] for p in places])
    )
    return everything, own, together or alone
