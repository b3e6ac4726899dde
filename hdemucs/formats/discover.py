"""Find the sound files in a folder that its user means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

import soundfile

# The formats of libsndfile, except headerless samples, whose rate is unknown; and those of ffmpeg.
SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats() if name != "RAW"} | {
    ".mp3", ".mp2", ".aif", ".aifc", ".oga", ".opus", ".m4a", ".m4b", ".mp4", ".aac", ".alac",
    ".wma", ".ac3", ".eac3", ".ape", ".wv", ".tta", ".mka", ".webm",
}  # fmt: skip
LEFT_BY_SYSTEMS = "__MACOSX"  # macOS puts hidden copies of all files there in its ZIP archives


def hidden(place: PurePath) -> bool:
    """Whether a path, relative to the folder that the user named, is hidden.

    Hidden are names that begin with a dot, such as macOS' `._song.wav`, and all that is in folders
    with such names.
    """
    return any(part.startswith(".") or part == LEFT_BY_SYSTEMS for part in place.parts)


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that is not hidden, in the order of names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not hidden(path.relative_to(folder)):
            yield path


def is_sound(path: Path) -> bool:
    """Whether the name of a file is that of a sound file."""
    return path.suffix.lower() in SUFFIXES
