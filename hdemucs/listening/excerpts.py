"""The excerpts of a listening test: their place in tracks, and data about their choice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.files import read_json, write_json

CURE = "run `dvc repro excerpts`, which writes it"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Excerpt:
    """One stem over a part of a track: samples [start, start + frames)."""

    id: str  # "<source>-<hash of the track>": names samples/<system>/<id>.wav, is never served
    track: str  # "Artist - Title"
    source: str  # the target: listeners hear the systems' estimates of it
    start: int
    frames: int
    difficulty: float  # LU of the target above the sum of the others
    stratum: int  # of difficulty, among the source's candidates; 0: hardest
    activity: dict[str, float]  # share of active blocks, by source
    loudness: dict[str, float | None]  # LUFS by source and of the mixture; None: silent
    candidates: int  # windows of this track that passed the criteria
    windows: int  # all windows of this track
    relaxed: bool  # whether the other stems passed the relaxed criterion only


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Rejection:
    """A track that has no excerpt for a source, with the reason."""

    track: str
    source: str
    windows: int
    reason: str


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Excerpts:
    """The content of `reports/excerpts.json`: excerpts for the test and for training listeners."""

    rate: int  # Hz
    sources: tuple[str, ...]
    excerpts: tuple[Excerpt, ...]  # of test tracks
    training: tuple[Excerpt, ...]  # of validation or training tracks; no system's estimates
    rejections: tuple[Rejection, ...]
    notes: tuple[str, ...]  # about every relaxed criterion and shortage

    def of(self, track: str) -> list[Excerpt]:
        """The test excerpts of one track, to be cut from its estimates."""
        return [excerpt for excerpt in self.excerpts if excerpt.track == track]

    @property
    def tracks(self) -> list[str]:
        """Every test track with an excerpt, sorted: the tracks that systems must separate."""
        return sorted({excerpt.track for excerpt in self.excerpts})


def excerpt_id(track: str, source: str) -> str:
    """The name of an excerpt; each track has at most one per source."""
    return f"{source}-{hashlib.sha256(track.encode()).hexdigest()[:8]}"


def load_excerpts(path: Path) -> Excerpts:
    """Read `reports/excerpts.json`.

    Raises:
        UserError: it is missing or damaged.
    """
    return validated(read_json(path, CURE), Excerpts, str(path))


def save_excerpts(excerpts: Excerpts, path: Path) -> None:
    write_json(path, TypeAdapter(Excerpts).dump_python(excerpts, mode="json"))


def sample_path(folder: Path, system: str, excerpt: Excerpt) -> Path:
    """The file of an excerpt's estimate, written by `separate@<system>`: 24-bit PCM at the corpus'
    rate.

    It has samples [start, start + frames) of the source's estimate from the whole track, so that
    models have the context.
    """
    return folder / system / f"{excerpt.id}.wav"
