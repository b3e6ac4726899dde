"""Which files of a folder are sound files that somebody means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

import soundfile

# What libsndfile reads, but for headerless samples, whose rate nobody knows; and what ffmpeg does.
SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats() if name != "RAW"} | {
    ".mp3", ".mp2", ".aif", ".aifc", ".oga", ".opus", ".m4a", ".m4b", ".mp4", ".aac", ".alac",
    ".wma", ".ac3", ".eac3", ".ape", ".wv", ".tta", ".mka", ".webm",
}  # fmt: skip
LEFT_BY_SYSTEMS = "__MACOSX"  # a Mac's ZIP archives keep hidden twins of all files there


def hidden(place: PurePath) -> bool:
    """Whether a path, relative to the folder that somebody named, is not meant for people.

    Names that begin with a dot, as a Mac's `._song.wav` on disks of other systems, and what is in
    folders of such names.
    """
    return any(part.startswith(".") or part == LEFT_BY_SYSTEMS for part in place.parts)


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that is not hidden, by name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not hidden(path.relative_to(folder)):
            yield path


def is_sound(path: Path) -> bool:
    """By its name alone."""
    return path.suffix.lower() in SUFFIXES
