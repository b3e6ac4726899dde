"""MUSDB18-HQ, recognised by what it holds: its tracks' names and numbers, and its files' digests.

Names: `musdb18.csv`, the 50 test tracks and the 14 that validate (musdb's `mus.yaml` lists these).
Digests: `musdb18hq.sha256`, in the form of sha256sum, written by `hdemucs data pin` where the data
are; until then a set with the right names counts, and pages say so.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from hdemucs.data.manifest import Manifest
from hdemucs.errors import UserError
from hdemucs.files import write_text

MUSDB18_HQ = "MUSDB18-HQ"  # what the world calls it
COUNTS = {"train": 86, "valid": 14, "test": 50}  # the page of the data set: 100 to train on
FORMAT = (44_100, 2, {"drums", "bass", "other", "vocals"})
PINNED = "musdb18hq.sha256"


@dataclass(frozen=True)
class Known:
    """What a data set is, and what that rests on."""

    name: str  # to be shown, and compared with published numbers' data
    basis: str | None  # None: it is no data set that others know


def known(manifest: Manifest, pinned: Mapping[str, str] | None = None) -> Known:
    """A data set's identity; `pinned` are the digests to hold it to, those of the package if None.

    A set with MUSDB18-HQ's tracks and another file than it has is none: its name is the manifest's.
    """
    if not looks_like_musdb(manifest):
        return Known(manifest.name, None)
    wanted = digests() if pinned is None else pinned
    if not wanted:
        return Known(MUSDB18_HQ, "names and numbers of its tracks (no digests are pinned yet)")
    found = {file.path: file.sha256 for track in manifest.tracks for file in track.files.values()}
    other = sum(found.get(path) != digest for path, digest in wanted.items())
    if other:
        return Known(f"{manifest.name} ({other} files are not {MUSDB18_HQ}'s)", None)
    return Known(MUSDB18_HQ, f"the digests of all its {len(wanted)} files")


def looks_like_musdb(manifest: Manifest) -> bool:
    """Whether names, numbers of tracks and the format are MUSDB18-HQ's."""
    names = {split: {track.name for track in manifest.split(split)} for split in ("valid", "test")}
    format_ = (manifest.sample_rate, manifest.channels, set(manifest.sources))
    return (
        format_ == FORMAT
        and names == {split: set(tracks(split)) for split in names}
        and {split: len(manifest.split(split)) for split in ("train", "valid", "test")} == COUNTS
    )


@cache
def tracks(split: str) -> tuple[str, ...]:
    """Names of MUSDB18's `valid` or `test` tracks."""
    text = files("hdemucs.data").joinpath("musdb18.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(text.splitlines())
    return tuple(line["name"] for line in lines if line["split"] == split)


@cache
def digests() -> Mapping[str, str]:
    """The pinned digests by path; none where nobody has pinned them."""
    place = files("hdemucs.data").joinpath(PINNED)
    if not place.is_file():
        return {}
    lines = place.read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def pin(manifest: Manifest, folder: Path) -> Path:
    """Write the digests of a data set that looks like MUSDB18-HQ to `folder`, to be committed.

    Raises:
        UserError: it does not.
    """
    if not looks_like_musdb(manifest):
        problem = f"{manifest.name} has not {MUSDB18_HQ}'s names, numbers of tracks and format"
        cure = "fetch the whole data set at 44.1 kHz first"
        raise UserError("data/manifest.json", problem, cure)
    every = (file for track in manifest.tracks for file in track.files.values())
    lines = sorted((file.path, file.sha256) for file in every)
    write_text(folder / PINNED, "".join(f"{digest}  {path}\n" for path, digest in lines))
    return folder / PINNED
