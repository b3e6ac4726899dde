"""The songs that a command line names, and a separate folder for the stems of each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.errors import UserError
from hdemucs.formats.discover import files, is_sound
from hdemucs.names import normal


@dataclass(frozen=True)
class Song:
    """A file to separate."""

    path: Path
    folder: Path  # the folder for its stems


def find_songs(paths: Sequence[Path], out: Path) -> list[Song]:
    """The given files, and every sound file in the given folders, sorted; each once.

    Stems go to `<out>/<name of the song>`; those of songs in subfolders go to
    `<out>/<subfolders>/<name of the song>`. Hidden files, files that macOS adds to archives, and
    `out` itself are skipped.

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
    for path in files(folder):
        ours = path.resolve().is_relative_to(skipped) and skipped != folder.resolve()
        if is_sound(path) and not ours:
            yield path, path.relative_to(folder).with_suffix("")


def apart(songs: Iterable[Song]) -> None:
    """Check that all songs have folders of their own, on every file system.

    Raises:
        UserError: two songs would have the same folder, or one a name such as `..`.
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
    """The same text for all names that some file system takes as equal (accents, capitals)."""
    return normal(os.path.normpath(folder)).casefold()


def spare(songs: Sequence[Song], names: Iterable[str]) -> None:
    """Check that no file of a stem is one of the songs.

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
