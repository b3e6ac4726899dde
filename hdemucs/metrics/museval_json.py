"""The scores of one track, and the JSON file in which museval stores them.

The files are those of museval 0.4.1: museval reads ours, and we read museval's. We add the scores
of the whole track to each target (`"track": {"nSDR": ..., "SI-SDR": ...}`), and a note if the
references determine no filters (`"references_dependent": true`); museval ignores both. As in
museval, numbers have five decimals, and NaN (also for infinity) is written as `NaN`.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from hdemucs.errors import UserError
from hdemucs.files import write_text

FRAMEWISE = ("SDR", "SIR", "SAR", "ISR")  # in museval's order
FILTERED = ("ISR", "SIR", "SAR")  # from least-squares filters, whose rounding errors differ
WHOLE = ("nSDR", "SI-SDR")
VERSION = "0.4.1"  # the version of museval whose numbers these are
DECIMALS = 5
DEPENDENT = "references_dependent"
CURE = "score the system again"

PerFrame = Float[np.ndarray, " frame"]


@dataclass(frozen=True)
class SourceScores:
    """The scores of one source of one track, dB; a metric that was not computed is missing."""

    frames: Mapping[str, PerFrame]  # by framewise metric; NaN: no score in this frame
    whole: Mapping[str, float] = field(default_factory=dict)  # by whole-track metric


@dataclass(frozen=True)
class TrackScores:
    """The scores of one track for one system."""

    track: str
    window: float  # seconds
    hop: float
    sources: Mapping[str, SourceScores]
    dependent: bool = False  # ISR, SIR and SAR mean nothing: references determine no filters


def save(scores: TrackScores, path: Path) -> None:
    """Write the file, one frame a line.

    Raises:
        UserError: it cannot be written.
    """
    targets = ",\n".join(target(name, one, scores) for name, one in scores.sources.items())
    said = {"museval_version": VERSION} | ({DEPENDENT: True} if scores.dependent else {})
    write_text(path, f'{{"targets": [\n{targets}\n], {json.dumps(said)[1:]}\n')


def target(name: str, scores: SourceScores, track: TrackScores) -> str:
    """One source's entry in the file."""
    count = len(next(iter(scores.frames.values()), ()))
    frames = ",\n".join(
        json.dumps(
            {
                "time": index * track.hop,
                "duration": track.window,
                "metrics": {
                    metric: rounded(scores.frames[metric][index])
                    if metric in scores.frames
                    else math.nan
                    for metric in FRAMEWISE
                },
            }
        )
        for index in range(count)
    )
    whole = json.dumps({metric: rounded(value) for metric, value in scores.whole.items()})
    return f'{{"name": {json.dumps(name)}, "track": {whole}, "frames": [\n{frames}\n]}}'


def rounded(value: float) -> float:
    """The value with five decimals; infinity becomes NaN, as in museval."""
    return round(float(value), DECIMALS) if math.isfinite(value) else math.nan


def load(path: Path) -> TrackScores:
    """Read our file or museval's own, plain or gzipped; the file's name is the track's.

    Raises:
        UserError: the file is missing, damaged, or not what museval writes.
    """
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return parsed(json.loads(raw), path.name.removesuffix(".gz").removesuffix(".json"))
    except FileNotFoundError as error:
        raise UserError(path, "is missing", CURE) from error
    except (OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(path, f"cannot be read as JSON ({error})", CURE) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"is no museval score file ({type(error).__name__}: {error})"
        raise UserError(path, problem, CURE) from error


def parsed(content: Any, track: str) -> TrackScores:
    """The scores in a file's content."""
    entries = content["targets"]
    sources = {entry["name"]: source(entry) for entry in entries}
    if not sources or len(sources) != len(entries):
        raise ValueError("no target, or one twice")
    counts = {len(one.frames["SDR"]) for one in sources.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError("targets without frames, or with different numbers of them")
    frames = entries[0]["frames"]
    window = float(frames[0]["duration"])
    hop = float(frames[1]["time"]) - float(frames[0]["time"]) if len(frames) > 1 else window
    return TrackScores(track, window, hop, sources, bool(content.get(DEPENDENT, False)))


def source(entry: dict[str, Any]) -> SourceScores:
    """One target's scores, without metrics other than SDR that are NaN in all frames."""
    frames = {
        metric: np.array([number(frame["metrics"][metric]) for frame in entry["frames"]])
        for metric in FRAMEWISE
    }
    present = {m: values for m, values in frames.items() if m == "SDR" or ~np.isnan(values).all()}
    return SourceScores(present, {m: number(v) for m, v in entry.get("track", {}).items()})


def number(value: Any) -> float:
    """A score; NaN for museval's NaN, or for null in files of other writers."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"score {value!r} is no number")
    return float(value)
