"""Training segments at random places of many long songs, and whole songs."""

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
Scale = Callable[[Track], tuple[float, float]]  # mean, and standard deviation to divide by


def of_mixture(track: Track) -> tuple[float, float]:
    """Of the song's mono mixture, as Demucs normalises."""
    return track.mean, track.std


def as_it_is(_track: Track) -> tuple[float, float]:
    """Samples as the files have them, in -1..1."""
    return 0.0, 1.0


SCALES: Mapping[str, Scale] = {"mixture": of_mixture, "none": as_it_is}  # by training.normalise


@dataclass(frozen=True)
class Song:
    """One track with its files found."""

    track: Track
    stems: tuple[Wav, ...]  # in the manifest's order of sources


class Segments(Dataset[Stems]):
    """Every segment of a split: one at each multiple of `stride` samples of every track.

    A track of L samples gives 1 + ceil((L - segment) / stride) of them, 1 if it is shorter than
    a segment; the last is padded with zeros (official demucs/wav.py).
    Stems are at the scale of their track: (x - mean) / std, of the mono mixture by default.
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
        """`segment` and `stride` in samples.

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
        """The segments at `indices`, read straight into one tensor."""
        out = room(len(indices), *self.shape)
        for index, example in zip(indices, out.numpy(), strict=True):
            for source, stem in enumerate(example):
                self.read(index, source, stem)
        return out

    def read(
        self, index: int, source: int, out: np.ndarray, offset: int = 0, gain: float = 1.0
    ) -> None:
        """Fill `out` [channel, sample] float32 with `gain` times a stem of segment `index`.

        From sample `offset` of the segment on; `out` may be shorter than the segment.
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
    """Fresh memory for a batch: NumPy asks for huge pages, without which it costs twice reading."""
    return torch.from_numpy(np.empty(shape, np.float32))


def count_starts(frames: int, segment: int, stride: int) -> int:
    """How many segments a track of `frames` samples gives."""
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
    """A track's stems, held to the manifest by their headers."""
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
    """What models are trained on: less the mean, over the standard deviation."""
    mean, std = scale(track)
    return (signal - mean) / std
