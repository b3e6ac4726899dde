"""The content of a data set in a few lines."""

from __future__ import annotations

from collections.abc import Sequence

from hdemucs.data.manifest import MIXTURE, Manifest, Split, Track
from hdemucs.data.musdb18 import known

SPLITS: tuple[Split, ...] = ("train", "valid", "test")


def summary(manifest: Manifest) -> str:
    """Tracks, hours and loudness of every split."""
    head = (
        f"{known(manifest).name}: {len(manifest.tracks)} tracks, {hours(manifest.tracks)}, "
        f"{manifest.sample_rate} Hz, {manifest.channels} channels, {', '.join(manifest.sources)}"
    )
    lines = [line(split, manifest.split(split)) for split in SPLITS]
    return "\n".join([head, *lines])


def line(name: str, tracks: Sequence[Track]) -> str:
    loud = [t.files[MIXTURE].loudness for t in tracks]
    levels = [value for value in loud if value is not None]
    spread = f", {min(levels):.1f} to {max(levels):.1f} LUFS" if levels else ""
    return f"  {name:5}  {len(tracks):3} tracks, {hours(tracks)}{spread}"


def hours(tracks: Sequence[Track]) -> str:
    """The tracks' total length, such as 1:23:45."""
    minutes, seconds = divmod(round(sum(track.seconds for track in tracks)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
