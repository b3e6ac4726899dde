"""The manifest of a data set, kept in git: every track, its statistics and its files' checksums."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.files import read_json, write_json

Split = Literal["train", "valid", "test"]
MIXTURE = "mixture"
CURE = "run `dvc repro fetch`, which writes it"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class File:
    """One sound file; `path` is relative to the data set's root."""

    path: str
    size: int  # bytes
    sha256: str
    peak: float  # as a share of full scale
    loudness: float | None  # LUFS, ITU-R BS.1770-4, of the whole song; None: too quiet or too short
    active: float  # share of its seconds whose RMS is above -60 dBFS


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Track:
    """One song. `mean` and `std` are those of its mono mixture (official demucs/wav.py)."""

    name: str  # "Artist - Title"
    split: Split
    frames: int  # samples per channel
    seconds: float
    mean: float
    std: float
    residual: float  # largest |mixture - sum of the stems|, as a share of full scale
    files: dict[str, File]  # by source, and "mixture"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Manifest:
    """The record of one data set."""

    name: str
    sample_rate: int
    channels: int
    sources: tuple[str, ...]
    tracks: tuple[Track, ...]

    def split(self, split: Split) -> list[Track]:
        return [track for track in self.tracks if track.split == split]


def load_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UserError: it is missing or damaged.
    """
    return validated(read_json(path, CURE), Manifest, str(path))


def save_manifest(manifest: Manifest, path: Path) -> None:
    write_json(path, TypeAdapter(Manifest).dump_python(manifest, mode="json"))
