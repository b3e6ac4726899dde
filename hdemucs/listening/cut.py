"""Excerpts cut out of estimates, track by track, so that a killed process can be resumed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from hdemucs import audio
from hdemucs.listening.excerpts import Excerpt, Excerpts
from hdemucs.progress import track as progress

BITS = 24  # levels are set, and dither is added, later when converting to 16 bits

# Of tracks, in turn: a signal a source.
Estimates = Callable[[Sequence[str]], Generator[Mapping[str, audio.Signal], None, None]]


def cut(
    excerpts: Excerpts, tracks: Sequence[str], estimates: Estimates, place: Path, kept: Path
) -> None:
    """Write <place>/<id>.wav for every excerpt of the tracks.

    Each is written to `kept` first; a track whose excerpts are all there is not separated again.
    `kept` is deleted when all is done.

    Raises:
        UserError: an estimate has NaN or infinite samples, or the disk is full.
    """
    todo = [track for track in tracks if not all(p.exists() for p in files(excerpts, track, kept))]
    shown = progress(todo, f"separate {place.name}", unit="tracks")
    with closing(estimates(todo)) as found:
        for track, sources in zip(shown, found, strict=True):
            for path, excerpt in files(excerpts, track, kept).items():
                heard = sources[excerpt.source][:, excerpt.start : excerpt.start + excerpt.frames]
                audio.write(path, heard, excerpts.rate, BITS)
    shutil.copytree(kept, place, dirs_exist_ok=True)
    shutil.rmtree(kept)


def files(excerpts: Excerpts, track: str, kept: Path) -> dict[Path, Excerpt]:
    """A track's excerpts, by the files that they are kept in."""
    return {kept / f"{each.id}.wav": each for each in excerpts.of(track)}
