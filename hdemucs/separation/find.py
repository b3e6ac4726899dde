"""Which songs a command line means, and where the stems of each go: no two to one folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from hdemucs.errors import UserError

# What libsndfile reads, but for headerless samples, whose rate nobody knows; and what ffmpeg does.
SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats() if name != "RAW"} | {
    ".mp3", ".mp2", ".aif", ".aifc", ".oga", ".opus", ".m4a", ".m4b", ".mp4", ".aac", ".alac",
    ".wma", ".ac3", ".eac3", ".ape", ".wv", ".tta", ".mka", ".webm",
}  # fmt: skip
LEFT_BY_SYSTEMS = "__MACOSX"  # a Mac's ZIP archives keep hidden twins of all files there


@dataclass(frozen=True)
class Song:
    """A file to separate."""

    path: Path
    folder: Path  # of its stems


def find_songs(paths: Sequence[Path], out: Path) -> list[Song]:
    """The files, and every sound file in the folders, sorted; each once.

    Stems go to `<out>/<name of the song>`, those of songs in folders of a folder to
    `<out>/<these folders>/<name of the song>`. What is hidden, what a Mac leaves in archives, and
    `out` itself are passed over.

    Raises:
        UserError: a path does not exist, nothing is left to separate, or the stems of two songs
            would have the same names.
    """
    songs: dict[Path, Song] = {}
    for path in paths:
        if not path.exists():
            raise UserError(path, "does not exist", "name a sound file or a folder of them")
        for file, name in inside(path, out) if path.is_dir() else [(path, Path(path.stem))]:
            songs.setdefault(file.resolve(), Song(file, out / name))
    if not songs:
        raise UserError(", ".join(map(str, paths)), "holds no sound file", "name another folder")
    apart(songs.values())
    return list(songs.values())


def inside(folder: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    """(file, name of its stems' folder) of every sound file below a folder."""
    skipped = out.resolve()
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == LEFT_BY_SYSTEMS for part in place.parts)
        ours = path.resolve().is_relative_to(skipped) and skipped != folder.resolve()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden and not ours:
            yield path, place.with_suffix("")


def apart(songs: Iterable[Song]) -> None:
    """Hold the songs to folders of their own, on every file system.

    Raises:
        UserError: two would have the same, or one a name as `..`.
    """
    first: dict[str, Song] = {}
    for song in songs:
        if not song.path.stem.strip(". "):
            raise UserError(song.path, "has a name that no folder can have", "rename the file")
        other = first.setdefault(same(song.folder), song)
        if other is not song:
            problem = f"would give the same files as {other.path}, in {song.folder}"
            raise UserError(song.path, problem, "rename one, or give each an --out of its own")


def same(folder: Path) -> str:
    """One text for all names that some file system takes for one: of accents, of capitals."""
    return unicodedata.normalize("NFC", os.path.normpath(folder)).casefold()


def spare(songs: Sequence[Song], names: Iterable[str]) -> None:
    """Hold the stems' files apart from the songs.

    Raises:
        UserError: a stem would be written over a song.
    """
    inputs = {song.path.resolve(): song for song in songs}
    for song in songs:
        for name in names:
            target = (song.folder / name).resolve()
            if target in inputs:
                problem = f"would be overwritten by a stem of {song.path}"
                raise UserError(inputs[target].path, problem, "give another --out")
