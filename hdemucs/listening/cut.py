"""Excerpts cut out of whole estimates, track by track, so that a killed process can be resumed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from hdemucs import audio
from hdemucs.listening.excerpts import Excerpts

BITS = 24  # levels are set, and dither is added, later when converting to 16 bits

Estimates = Callable[[str], Mapping[str, audio.Signal]]  # by track: a signal a source


def cut(
    excerpts: Excerpts, tracks: Iterable[str], estimates: Estimates, place: Path, kept: Path
) -> None:
    """Write <place>/<id>.wav for every excerpt of the tracks.

    Each is written to `kept` first; a track whose excerpts are all there is not separated again.
    `kept` is deleted when all is done.

    Raises:
        UserError: an estimate has NaN or infinite samples, or the disk is full.
    """
    for track in tracks:
        wanted = {kept / f"{each.id}.wav": each for each in excerpts.of(track)}
        if all(path.exists() for path in wanted):
            continue
        found = estimates(track)
        for path, excerpt in wanted.items():
            heard = found[excerpt.source][:, excerpt.start : excerpt.start + excerpt.frames]
            audio.write(path, heard, excerpts.rate, BITS)
    shutil.copytree(kept, place, dirs_exist_ok=True)
    shutil.rmtree(kept)
