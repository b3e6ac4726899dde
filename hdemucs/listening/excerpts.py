"""The excerpts of a listening test: which moments of which tracks, and why these."""

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
    """One stem over one stretch of a track: samples [start, start + frames)."""

    id: str  # "<source>-<hash of the track>": names samples/<system>/<id>.wav, is never served
    track: str  # "Artist - Title"
    source: str  # the target: what the listener hears a system's estimate of
    start: int
    frames: int
    difficulty: float  # LU of the target over the sum of the others
    stratum: int  # of the difficulty among the source's candidates; 0: hardest
    activity: dict[str, float]  # share of active blocks, by source
    loudness: dict[str, float | None]  # LUFS by source and of the mixture; None: silent
    candidates: int  # windows of this track that passed the gates
    windows: int  # windows that there are
    relaxed: bool  # the other stems passed the relaxed gate only


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Rejection:
    """A track without an excerpt for a source."""

    track: str
    source: str
    windows: int
    reason: str


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Excerpts:
    """`reports/excerpts.json`: test excerpts, and the ones that listeners train on."""

    rate: int  # Hz
    sources: tuple[str, ...]
    excerpts: tuple[Excerpt, ...]  # of test tracks
    training: tuple[Excerpt, ...]  # of validation or training tracks: never a system's estimate
    rejections: tuple[Rejection, ...]
    notes: tuple[str, ...]  # every relaxation and shortfall

    def of(self, track: str) -> list[Excerpt]:
        """The test excerpts of one track: what to cut once it is separated."""
        return [excerpt for excerpt in self.excerpts if excerpt.track == track]

    @property
    def tracks(self) -> list[str]:
        """Every test track with an excerpt, sorted: what a system has to separate."""
        return sorted({excerpt.track for excerpt in self.excerpts})


def excerpt_id(track: str, source: str) -> str:
    """At most one excerpt per track and source, so these two name it."""
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
    """Where `separate@<system>` puts an excerpt's estimate: 24-bit PCM at the corpus' rate.

    The whole track is separated, then samples [start, start + frames) of the excerpt's source are
    cut: models see the context, and the order of the two matters.
    """
    return folder / system / f"{excerpt.id}.wav"
