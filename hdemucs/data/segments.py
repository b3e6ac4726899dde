"""Segments of training songs, read from any place of long files, and whole songs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from hdemucs.data.manifest import MIXTURE, Manifest, Split, Track
from hdemucs.errors import UserError
from hdemucs.formats.wav import Wav, open_wav

Mixture = Float[Tensor, "channel sample"]
Stems = Float[Tensor, "source channel sample"]
Batch = Float[Tensor, "batch source channel sample"]
Scale = Callable[[Track], tuple[float, float]]  # mean to subtract, deviation to divide by


def of_mixture(track: Track) -> tuple[float, float]:
    """The mean and deviation of the song's mono mixture, by which Demucs normalises."""
    return track.mean, track.std


def as_it_is(_track: Track) -> tuple[float, float]:
    """No change: samples as the files have them, from -1 to 1."""
    return 0.0, 1.0


SCALES: Mapping[str, Scale] = {"mixture": of_mixture, "none": as_it_is}  # by training.normalise


@dataclass(frozen=True)
class Song:
    """One track, whose files were found."""

    track: Track
    stems: tuple[Wav, ...]  # in the manifest's order of sources


class Segments(Dataset[Stems]):
    """Every segment of a split: one starts at each multiple of `stride` samples of every track.

    A track of L samples has 1 + ceil((L - segment) / stride) segments, or 1 if it is shorter than a
    segment; the last one is padded with zeros (official demucs/wav.py). Stems are scaled with their
    track's statistics, (x - mean) / std; by default, those of the mono mixture.
    """

    def __init__(
        self,
        root: Path,
        manifest: Manifest,
        split: Split,
        segment: int,
        stride: int,
        scale: Scale = of_mixture,
    ) -> None:
        """`segment` and `stride` are in samples.

        Raises:
            UserError: the split has no track, or a file is missing or not as the manifest says.
        """
        self.songs = songs_of(root, manifest, split)
        self.segment, self.stride, self.scale = segment, stride, scale
        self.shape = (len(manifest.sources), manifest.channels, segment)
        starts = [count_starts(song.track.frames, segment, stride) for song in self.songs]
        self.ends = np.array(list(accumulate(starts)))

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: int) -> Stems:
        return self.batch([index])[0]

    def __iter__(self) -> Iterator[Stems]:
        return (self[index] for index in range(len(self)))

    def batch(self, indices: Sequence[int]) -> Batch:
        """The segments at `indices`, [example, source, channel, sample], read directly into one
        tensor.
        """
        out = room(len(indices), *self.shape)
        for index, example in zip(indices, out.numpy(), strict=True):
            for source, stem in enumerate(example):
                self.read(index, source, stem)
        return out

    def read(
        self, index: int, source: int, out: np.ndarray, offset: int = 0, gain: float = 1.0
    ) -> None:
        """Fill `out` [channel, sample] float32 with `gain` times a stem of segment `index`.

        Reading starts at sample `offset` of the segment; `out` may be shorter than the segment.
        """
        song, start = self.place(index)
        mean, std = self.scale(song.track)
        song.stems[source].read(start + offset, out, gain / std, -gain * mean / std)

    def place(self, index: int) -> tuple[Song, int]:
        """The song of segment `index` and the sample it starts at."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        which = int(np.searchsorted(self.ends, index, side="right"))
        before = int(self.ends[which - 1]) if which else 0
        return self.songs[which], (index - before) * self.stride


def room(*shape: int) -> Tensor:
    """New memory for a batch, from NumPy: its huge pages halve the time of reading."""
    return torch.from_numpy(np.empty(shape, np.float32))


def count_starts(frames: int, segment: int, stride: int) -> int:
    """The number of segments that a track of `frames` samples has."""
    return 1 if frames < segment else 1 + -(-(frames - segment) // stride)


def songs_of(root: Path, manifest: Manifest, split: Split) -> list[Song]:
    """The songs of a split.

    Raises:
        UserError: there is none, or a file is missing or not as the manifest says.
    """
    songs = [found(root, manifest, track) for track in manifest.split(split)]
    if not songs:
        raise UserError(manifest.name, f"has no {split} tracks", f"add some to the {split} split")
    return songs


def found(root: Path, manifest: Manifest, track: Track) -> Song:
    """A track's stems, whose headers are compared with the manifest."""
    stems = (opened(root, manifest, track, source) for source in manifest.sources)
    return Song(track, tuple(stems))


def opened(root: Path, manifest: Manifest, track: Track, source: str) -> Wav:
    wav = open_wav(root / track.files[source].path)
    expected = (manifest.sample_rate, manifest.channels, track.frames)
    if (wav.rate, wav.channels, wav.frames) != expected:
        problem = "is not the file that the manifest knows (rate, channels or length differ)"
        raise UserError(wav.path, problem, "run `dvc repro -f -s fetch`")
    return wav


def song(root: Path, manifest: Manifest, track: Track) -> tuple[Mixture, Stems]:
    """The mixture and the stems of a whole track, in -1..1.

    Raises:
        UserError: a file is missing or not as the manifest says.
    """
    names = (MIXTURE, *manifest.sources)
    out = torch.empty(len(names), manifest.channels, track.frames)
    for name, place in zip(names, out.numpy(), strict=True):
        opened(root, manifest, track, name).read(0, place)
    return out[0], out[1:]


def scaled(signal: Tensor, track: Track, scale: Scale) -> Tensor:
    """The signal as models are trained on it: minus the mean, divided by the standard deviation."""
    mean, std = scale(track)
    return (signal - mean) / std
