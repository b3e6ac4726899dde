"""MUSDB18-HQ, recognised by its content: its tracks' names and numbers, and its files' digests.

Names: `musdb18.csv` has the 50 test tracks and the 14 for validation (from `mus.yaml` of the
package musdb). Digests: `musdb18hq.sha256`, in the format of sha256sum, written by
`hdemucs data pin` where the data are. Without it, a set with the right names counts, and pages
say so.
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

MUSDB18_HQ = "MUSDB18-HQ"  # the name in publications
COUNTS = {"train": 86, "valid": 14, "test": 50}  # the data set's page: 100 to train on
FORMAT = (44_100, 2, {"drums", "bass", "other", "vocals"})
PINNED = "musdb18hq.sha256"


@dataclass(frozen=True)
class Known:
    """What a data set is, and how that is known."""

    name: str  # for pages, and to be compared with the data of published numbers
    basis: str | None  # None: not a data set that others know


def known(manifest: Manifest, pinned: Mapping[str, str] | None = None) -> Known:
    """Identify a data set; `pinned` are the digests to compare with, the package's if None.

    A set with MUSDB18-HQ's tracks but a different file is not MUSDB18-HQ; it has its manifest's
    name.
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
    """Whether names, numbers of tracks and format are those of MUSDB18-HQ."""
    names = {split: {track.name for track in manifest.split(split)} for split in ("valid", "test")}
    format_ = (manifest.sample_rate, manifest.channels, set(manifest.sources))
    return (
        format_ == FORMAT
        and names == {split: set(tracks(split)) for split in names}
        and {split: len(manifest.split(split)) for split in ("train", "valid", "test")} == COUNTS
    )


@cache
def tracks(split: str) -> tuple[str, ...]:
    """Names of MUSDB18's tracks in `valid` or `test`."""
    text = files("hdemucs.data").joinpath("musdb18.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(text.splitlines())
    return tuple(line["name"] for line in lines if line["split"] == split)


@cache
def digests() -> Mapping[str, str]:
    """The pinned digests by path; empty if nobody has pinned them."""
    place = files("hdemucs.data").joinpath(PINNED)
    if not place.is_file():
        return {}
    lines = place.read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def pin(manifest: Manifest, folder: Path) -> Path:
    """Write the digests of a data set that looks like MUSDB18-HQ into `folder`, to be committed.

    Raises:
        UserError: the data set does not look like it.
    """
    if not looks_like_musdb(manifest):
        problem = f"{manifest.name} has not {MUSDB18_HQ}'s names, numbers of tracks and format"
        cure = "fetch the whole data set at 44.1 kHz first"
        raise UserError("data/manifest.json", problem, cure)
    every = (file for track in manifest.tracks for file in track.files.values())
    lines = sorted((file.path, file.sha256) for file in every)
    write_text(folder / PINNED, "".join(f"{digest}  {path}\n" for path, digest in lines))
    return folder / PINNED
