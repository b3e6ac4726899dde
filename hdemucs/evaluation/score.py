"""Score one track."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import NoReturn

import numpy as np
from jaxtyping import Float

from hdemucs.config.evaluation import MetricsConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.backend import framewise
from hdemucs.metrics.bsseval.filters import ILL_POSED, IllPosedWarning
from hdemucs.metrics.museval_json import SourceScores, TrackScores
from hdemucs.metrics.nsdr import nsdr
from hdemucs.metrics.signals import Sources, silent
from hdemucs.metrics.sisdr import si_sdr

Signal = Float[np.ndarray, "_ _"]  # [channel, sample]; any shape, until it is checked
Signals = Mapping[str, Signal]  # by source
Framed = Mapping[str, Float[np.ndarray, "source frame"]]  # by metric
Whole = Mapping[str, Float[np.ndarray, " source"]]


def score_track(
    track: str, references: Signals, estimates: Signals, rate: int, config: MetricsConfig
) -> TrackScores:
    """Compute all scores of one track's estimates.

    Estimates longer than their references are cut, as in museval. A source whose reference is
    silent throughout, such as the vocals of an instrumental, has no score, and the others are
    scored as if the track did not have it: BSSEval is undefined for silent references.

    Raises:
        UserError: an estimate is missing, shorter than its reference, has other channels, is silent
            throughout although its reference is not, or contains NaN; or all references are silent,
            or one contains NaN. It names the track and the source.
    """
    names = tuple(references)
    known = checked(references, names, f"{track}: reference")
    given = checked(estimates, names, f"{track}: estimate", known.shape)
    sounding = ~silent(known)
    if not sounding.any():
        raise UserError(f"{track}: references", "are all silent", "leave this track out")
    for name, wrong in zip(names, sounding & silent(given), strict=True):
        if wrong:
            refuse_silence(f"{track}: estimate of {name}")
    reference, estimate = known[sounding], given[sounding]
    framed = framewise(reference, estimate, rate, config)
    whole = {"nSDR": nsdr(reference, estimate), "SI-SDR": si_sdr(reference, estimate)}
    places = iter(range(len(reference)))
    sources = {
        name: of_source(framed.frames, whole, next(places) if sounds else None)
        for name, sounds in zip(names, sounding, strict=True)
    }
    if framed.dependent:
        warnings.warn(IllPosedWarning(f"{track}: {ILL_POSED}"), stacklevel=2)
    return TrackScores(track, config.window, config.hop, sources, framed.dependent)


def of_source(framed: Framed, whole: Whole, place: int | None) -> SourceScores:
    """The scores at one place of the arrays; NaN everywhere for a source that has none."""
    if place is None:
        return SourceScores(
            {metric: np.full(scores.shape[1:], np.nan) for metric, scores in framed.items()},
            dict.fromkeys(whole, float("nan")),
        )
    return SourceScores(
        {metric: scores[place] for metric, scores in framed.items()},
        {metric: float(scores[place]) for metric, scores in whole.items()},
    )


def checked(
    signals: Signals, names: tuple[str, ...], what: str, shape: tuple[int, ...] | None = None
) -> Sources:
    """The signals in order, as one array; of the given `shape`, if any."""
    for name in names:
        if name not in signals:
            raise UserError(f"{what} of {name}", "is missing", "supply one for every source")
        hold(signals[name], f"{what} of {name}", shape)
    lengths = {signals[name].shape for name in names}
    if shape is None and len(lengths) != 1:
        raise UserError(what, f"sources differ in shape {sorted(lengths)}", "make them alike")
    samples = shape[-1] if shape else None
    return np.stack([signals[name][:, :samples] for name in names])


def hold(signal: Signal, what: str, shape: tuple[int, ...] | None) -> None:
    """Refuse a signal for which no metric is defined."""
    if not np.isfinite(signal).all():
        raise UserError(what, "holds NaN or infinite samples", "look at what made it")
    if shape is None:
        return
    channels, samples = shape[1:]
    if len(signal) != channels:
        problem = f"has {len(signal)} channels where the reference has {channels}"
        raise UserError(what, problem, "give both the same channels")
    if signal.shape[-1] < samples:
        problem = f"has {signal.shape[-1]} samples where the reference has {samples}"
        raise UserError(what, problem, "separate the whole song")


def refuse_silence(what: str) -> NoReturn:
    problem = "is silent (left + right = 0) throughout, which leaves BSSEval undefined"
    raise UserError(what, problem, "make the file again")
