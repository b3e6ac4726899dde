"""Read a track's stems from disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hdemucs import audio
from hdemucs.audio import Signal
from hdemucs.data.manifest import Track


def read_stems(
    root: Path, track: Track, sources: Iterable[str], start: int = 0, frames: int | None = None
) -> dict[str, Signal]:
    """A track's stems, each float32 [channel, sample], from sample `start` on; the whole track by
    default.

    Raises:
        UserError: a file is missing or damaged.
    """
    return {
        source: audio.read(root / track.files[source].path, start, frames) for source in sources
    }
