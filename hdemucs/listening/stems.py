"""Stems of a track from disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hdemucs import audio
from hdemucs.audio import Signal
from hdemucs.data.manifest import Track


def read_stems(
    root: Path, track: Track, sources: Sequence[str], start: int = 0, frames: int | None = None
) -> Mapping[str, Signal]:
    """The stems of a track, [channel, sample] each, over a stretch of it or all of it."""
    return {
        source: audio.read(root / track.files[source].path, start, frames) for source in sources
    }
