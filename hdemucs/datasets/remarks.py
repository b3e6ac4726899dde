"""Oddities of a data set that can be used nevertheless, from its manifest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from hdemucs.data.manifest import MIXTURE, Manifest, Track
from hdemucs.datasets.errata import errata
from hdemucs.datasets.findings import Finding

FULL_SCALE = 0.9999


def remarks(manifest: Manifest, residual: float) -> list[Finding]:
    """Every oddity, track by track; `residual` is the largest |mixture - sum of stems| that is
    normal.
    """
    found = [remark for track in manifest.tracks for remark in of_track(track, residual)]
    return [*found, *repeated(manifest), *known_errors(manifest)]


def of_track(track: Track, residual: float) -> Iterator[Finding]:
    yield from silent_and_repeated(track)
    if track.residual > residual:
        subject = str(Path(track.files[MIXTURE].path).parent)
        level = 20 * math.log10(track.residual)
        problem = f"mixture and sum of the stems differ by up to {level:.1f} dBFS"
        yield Finding(subject, problem, "training uses the sum, tests use the mixture")
    if track.files[MIXTURE].peak >= FULL_SCALE:
        problem = "reaches full scale: it may be clipped"
        yield Finding(track.files[MIXTURE].path, problem, "nothing to do")


def silent_and_repeated(track: Track) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for source, file in track.files.items():
        known = seen.setdefault(file.sha256, source)
        if file.peak == 0:
            cure = "nothing to do if the song has no such instrument"
            yield Finding(file.path, "is silent", cure)
        elif known != source:
            yield Finding(file.path, f"is the same file as {known}.wav", "export the stem again")


def repeated(manifest: Manifest) -> Iterator[Finding]:
    """Songs that are twice in one split, so that they count twice."""
    first: dict[str, Track] = {}
    for track in manifest.tracks:
        known = first.setdefault(track.files[MIXTURE].sha256, track)
        if known is not track:
            path = track.files[MIXTURE].path
            yield Finding(path, f"is the same song as {known.name}", "remove one of them")


def known_errors(manifest: Manifest) -> Iterator[Finding]:
    """The errata of MUSDB18's tracks in a data set, whatever its name is."""
    for track in manifest.tracks:
        for erratum in errata(track.name):
            folder = Path(track.files[MIXTURE].path).parent
            problem = f"known to have an error: {erratum.error} ({erratum.source})"
            cure = "nothing to do: the paper used the data as they are"
            yield Finding(f"{folder}/{erratum.stem}.wav", problem, cure)
