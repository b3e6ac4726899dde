"""Several data sets as one: a manifest over the folder that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hdemucs.data.manifest import File, Manifest, Track
from hdemucs.errors import Refusal


def union(name: str, parts: Mapping[str, Manifest]) -> Manifest:
    """The tracks of all parts; a part's files are below its key, a folder of the common root.

    Raises:
        Refusal: the parts differ in rate, channels or sources.
    """
    first = next(iter(parts.values()))
    for part in parts.values():
        if (part.sample_rate, part.channels, part.sources) != (
            first.sample_rate, first.channels, first.sources,
        ):  # fmt: skip
            problem = f"differs from {first.name} in rate, channels or sources"
            raise Refusal(part.name, problem, "make both data sets with the same parameters")
    tracks = [moved(track, folder) for folder, part in parts.items() for track in part.tracks]
    return replace(first, name=name, tracks=tuple(tracks))


def moved(track: Track, folder: str) -> Track:
    files: dict[str, File] = {
        source: replace(file, path=f"{folder}/{file.path}") for source, file in track.files.items()
    }
    return replace(track, files=files)
