"""Refuse faults that make a listening set worthless, before listeners meet them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.signal import correlate, correlation_lags

from hdemucs.audio import Signal
from hdemucs.config.listening import ListeningConfig, check_stimuli
from hdemucs.data.manifest import Manifest
from hdemucs.errors import UserError
from hdemucs.listening.excerpts import CURE, Excerpts
from hdemucs.listening.stimuli.trials import Stimulus, Trial
from hdemucs.loudness import ABSOLUTE, loudness

Correlation = Float[np.ndarray, "lag"]

LONGEST = 12.0  # seconds (BS.1534-3, 5.1)
REACH = 0.05  # seconds of lag that are searched
ALIKE = 0.5  # mean normalised correlation that an estimate of the reference reaches at some lag
CLEARLY = 1.05  # factor over the correlation at lag 0: a poor estimate is noisy, but not late


def check_design(config: ListeningConfig, excerpts: Excerpts, manifest: Manifest) -> None:
    """Compare the plan with the standard and with the data.

    Raises:
        UserError: too many stimuli, excerpts that are too long, wrong splits, or another rate.
    """
    check_stimuli(config, manifest.sample_rate)
    if excerpts.rate != manifest.sample_rate:
        problem = f"is at {excerpts.rate} Hz, the data at {manifest.sample_rate} Hz"
        raise UserError("reports/excerpts.json", problem, CURE)
    for excerpt in (*excerpts.excerpts, *excerpts.training):
        if excerpt.frames > LONGEST * excerpts.rate:
            problem = f"lasts {excerpt.frames / excerpts.rate:.1f} s of at most {LONGEST:.0f}"
            raise UserError(excerpt.id, problem, "lower excerpts.seconds")
    check_splits(excerpts, manifest)


def check_splits(excerpts: Excerpts, manifest: Manifest) -> None:
    """Refuse excerpts that models, or listeners, were trained on."""
    splits = {track.name: track.split for track in manifest.tracks}
    for excerpt in excerpts.excerpts:
        if splits.get(excerpt.track) != "test":
            raise UserError(excerpt.track, "is in the listening test but no test track", CURE)
    for excerpt in excerpts.training:
        if splits.get(excerpt.track) not in {"train", "valid"}:
            raise UserError(excerpt.track, "is to train listeners, but is no training track", CURE)


def check_trial(trial: Trial) -> None:
    """Raises: UserError: a sound has another length, or is there twice."""
    excerpt, reference = trial.excerpt.id, trial.reference
    for stimulus in trial.stimuli:
        if stimulus.signal.shape != reference.signal.shape:
            problem = f"{stimulus.condition} has shape {stimulus.signal.shape}, the reference "
            cure = "run `dvc repro separate`"
            raise UserError(excerpt, problem + f"{reference.signal.shape}", cure)
    check_distinct(excerpt, trial.stimuli)


def inaudible(trial: Trial) -> list[str]:
    """The systems that are silent although the target is not: their quality cannot be judged."""
    systems = [stimulus for stimulus in trial.stimuli if stimulus.role == "system"]
    return [
        stimulus.condition
        for stimulus in systems
        if loudness(stimulus.signal, trial.rate) <= ABSOLUTE
    ]


def check_audible(silent: Mapping[str, Sequence[str]], excerpts: int) -> None:
    """Refuse systems that are silent in some excerpts: all of them at once, each with how many.

    Args:
        silent: by system, the excerpts in which it is silent.
        excerpts: how many there are.

    Raises:
        UserError: there is such a system.
    """
    if silent:
        problem = " and ".join(
            f"{system} is silent where the reference is not "
            f"in {len(ids)} of {excerpts} excerpts, the first {ids[0]}"
            for system, ids in silent.items()
        )
        cure = f"remove {'them' if len(silent) > 1 else 'it'} from listening.systems, or correct "
        raise UserError("listening.systems", problem, cure + "what separates")


def check_distinct(excerpt: str, stimuli: Sequence[Stimulus]) -> None:
    """Refuse two names for one sound, which would be rated twice and hint at the reference."""
    seen: dict[bytes, str] = {}
    for stimulus in stimuli:
        other = seen.setdefault(stimulus.signal.tobytes(), stimulus.condition)
        if other != stimulus.condition:
            problem = f"{stimulus.condition} and {other} are the same sound"
            raise UserError(excerpt, problem, "remove one of them from the test")


def check_unclipped(excerpt: str, condition: str, clipped: int) -> None:
    if clipped:
        problem = f"{clipped} samples of {condition} clip at 16 bits"
        raise UserError(excerpt, problem, "lower listening.level.peak")


def correlation(reference: Signal, estimate: Signal, rate: int) -> Correlation:
    """Normalised cross-correlation of the mono sums at lags of up to 50 ms either way.

    A positive lag means that the estimate is late.
    """
    first, second = (signal.mean(0, dtype=np.float64) for signal in (estimate, reference))
    lags = correlation_lags(len(first), len(second))
    norm = float(np.linalg.norm(first) * np.linalg.norm(second)) or 1.0
    found = correlate(first, second, method="fft")[np.abs(lags) <= round(REACH * rate)] / norm
    return np.asarray(found)


def best_lag(pooled: Correlation, excerpts: int) -> int:
    """The lag in samples at the peak of correlations that were summed over excerpts.

    It is 0 unless another lag is clearly better, and also if even the peak is no resemblance: a
    model that has not learnt to separate cannot be called late.
    """
    middle = len(pooled) // 2
    peak = int(np.argmax(pooled))
    alike = pooled[peak] > ALIKE * excerpts
    clearly = pooled[peak] > CLEARLY * max(float(pooled[middle]), 0.0)
    return peak - middle if alike and clearly else 0


def check_aligned(pooled: Mapping[str, Correlation], excerpts: int) -> None:
    """Raises: UserError: a system is early or late over all of its excerpts together."""
    for system, sums in pooled.items():
        if lag := best_lag(sums, excerpts):
            problem = (
                f"is {abs(lag)} samples {'late' if lag > 0 else 'early'} relative to the reference"
            )
            raise UserError(f"samples/{system}", problem, "cut the same samples as the reference")


def check_blind(served: Iterable[Path], root: Path, systems: Sequence[str]) -> None:
    """Raises: UserError: a system's name is in a served path or JSON file, or part of a name."""
    words = [
        re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", re.IGNORECASE)
        for name in systems
    ]
    for path in served:
        place = path.relative_to(root).as_posix()
        text = place + (path.read_text() if path.suffix == ".json" else "")
        for name, word in zip(systems, words, strict=True):
            if word.search(text):
                problem = f"shows listeners the name of the system {name}"
                raise UserError(place, problem, "rename the test or the system")


def check_names(systems: Sequence[str]) -> None:
    """Raises: UserError: a system is named twice."""
    for system, count in Counter(systems).items():
        if count > 1:
            raise UserError("listening.systems", f"names {system} {count} times", "name it once")
