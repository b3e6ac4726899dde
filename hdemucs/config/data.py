"""Settings of where songs come from, and what a data set must be like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.corpus import CorpusConfig

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EmbeddedConfig:
    """The corpus that is composed and rendered on this machine."""

    kind: Literal["embedded"]
    corpus: CorpusConfig


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DownloadConfig:
    """A large file on a web server."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    unpacked: Positive  # bytes of the unpacked files, roughly, to check the disk's space
    connections: Annotated[int, Field(ge=1, le=16)]
    patience: Annotated[float, Field(gt=0)]  # seconds without a byte until a connection is dropped
    attempts: Positive  # attempts without progress, one after the other, before giving up


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ArchiveConfig(DownloadConfig):
    """A ZIP archive on a web server; nothing in it is used before its checksums agree."""

    size: Positive  # bytes, as published; the server's own number is what counts
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Tracks:
    """How many tracks a data set has; `train` does not count those of `valid`."""

    train: Count
    valid: Count
    test: Count


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusdbConfig:
    """MUSDB18-HQ: at $MUSDB_ROOT, else at data/musdb18hq, else downloaded to the latter."""

    kind: Literal["musdb"]
    archive: ArchiveConfig
    tracks: Tracks
    valid: tuple[str, ...]  # names of the tracks in train/ that are used for validation


Policy = Literal["convert", "refuse"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OwnConfig:
    """Any folder of stems, converted to MUSDB's layout; `datasets/own.py` reads it from YAML."""

    kind: Literal["own"]
    name: Name
    root: str  # folder that has one folder per track; relative to the repository
    splits: dict[Literal["train", "valid", "test"], tuple[str, ...]]  # glob patterns of folders
    stems: dict[str, tuple[str, ...]]  # source -> glob patterns of the files summed into it
    missing: Literal["silence", "refuse"]  # when a track has no file for a source
    sample_rate: Policy  # for files whose rate is not the study's
    channels: Policy  # for mono files in a stereo study, or stereo files in a mono one
    lengths: Policy  # for stems that are shorter than others: padded with silence at the end


Data = Annotated[EmbeddedConfig | MusdbConfig | OwnConfig, Field(discriminator="kind")]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FetchConfig:
    """Settings of a study's data."""

    sources: tuple[str, ...]
    sample_rate: Annotated[int, Field(ge=1, le=768_000)]  # Hz
    channels: Annotated[int, Field(ge=1, le=5)]
    residual: Annotated[float, Field(gt=0)]  # most |mixture - sum of stems|, of full scale
    data: Data
    extra: tuple[OwnConfig, ...]  # more training tracks, as in the paper's Track B
