"""Seconds of training audio per second of one core: our loader and the official one.

Both read the same files from the page cache in one process, in turns, so that other load on the
machine affects both. Time is CPU time, including the kernel's. One second of training audio is a
second of all four stems in stereo.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
import torch

from hdemucs import audio
from hdemucs.data.manifest import MIXTURE, File, Manifest, Track
from hdemucs.data.repitch import Repitch, RepitchConfig
from hdemucs.data.segments import Segments
from hdemucs.training.recipe.mixing.remix import RemixConfig, augmentations
from hdemucs.training.recipe.task import Task

RATE, SOURCES = 44_100, ("drums", "bass", "other", "vocals")
SEGMENT, STRIDE = 11, 1  # seconds, as in the paper's recipe
SONG = 120  # seconds
PAPER = RemixConfig(
    kind="remix",
    stride=float(STRIDE),
    repitch=None,
    shift=1.0,
    same_shift=False,
    swap_channels=0.5,
    flip_sign=0.5,
    gain=(0.25, 1.25),
    remix=4,
)
REPITCH = RepitchConfig(probability=0.2, max_pitch=2, max_tempo=12.0, tempo_std=5.0)

Load = Callable[[list[int]], torch.Tensor]


@dataclass(frozen=True)
class Speed:
    """Seconds of audio per second of a core, one number per round, for one loader."""

    name: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def benchmark(root: Path, songs: int, batch: int, rounds: int) -> list[Speed]:
    """Each loader's speed on `songs` songs of two minutes of noise, written to `root`."""
    segments = Segments(root, noise(root, songs), "train", SEGMENT * RATE, STRIDE * RATE)
    loads = {**ours(segments), **official(root, segments)}
    dice = np.random.default_rng(0)
    speeds: dict[str, list[float]] = {name: [] for name in loads}
    for number in range(rounds + 1):
        for name, load in loads.items():
            indices = dice.integers(0, len(segments), batch).tolist()
            started = time.process_time()
            seconds = batch * load(indices).shape[-1] / RATE
            if number:  # the first round only warms the caches
                speeds[name].append(seconds / (time.process_time() - started))
    return [Speed(name, tuple(found)) for name, found in speeds.items()]


def ours(segments: Segments) -> dict[str, Load]:
    """Reading and augmenting as training does it on a CPU; and each of them alone."""
    chain = augmentations(PAPER, Task(sources=SOURCES, sample_rate=RATE, seed=0))
    repitch = Repitch(REPITCH, RATE)
    seeds = np.random.default_rng(0)

    def pitched(indices: list[int]) -> torch.Tensor:
        drawn = seeds.integers(0, 2**31, len(indices)).tolist()
        return torch.from_numpy(repitch(segments.batch(indices).numpy(), drawn))

    def augmented(indices: list[int]) -> torch.Tensor:
        batch = segments.batch(indices)
        for augmentation in chain:
            batch = augmentation(batch)
        return batch

    return {
        "ours, augmented": augmented,
        "ours, reading": segments.batch,
        "ours, reading and repitch": pitched,
    }


def official(root: Path, segments: Segments) -> dict[str, Load]:
    """The dataset and augmentations of the package demucs, combined as in its training.

    Since torchaudio 2.9, its reader `torchaudio.load` needs torchcodec; soundfile, which decodes
    only the requested samples, takes its place.
    """
    augment: Any = import_module("demucs.augment")  # a package that only tests and this page use
    wav: Any = import_module("demucs.wav")

    def load(path: str, frame_offset: int, num_frames: int) -> tuple[torch.Tensor, int]:
        read = soundfile.read(path, num_frames, frame_offset, dtype="float32", always_2d=True)
        return torch.from_numpy(read[0].T), int(read[1])

    wav.ta = SimpleNamespace(load=load)
    dataset = wav.Wavset(root / "train", metadata(segments), list(SOURCES), SEGMENT, STRIDE)
    steps = (augment.Shift(RATE), augment.FlipChannels(), augment.FlipSign())
    chain: Any = torch.nn.Sequential(*steps, augment.Scale(), augment.Remix())

    def reading(indices: list[int]) -> torch.Tensor:
        return torch.stack([dataset[index] for index in indices])

    return {
        "official, augmented": lambda indices: chain(reading(indices)),
        "official, reading": reading,
    }


def metadata(segments: Segments) -> dict[str, dict[str, int | float]]:
    """What the official dataset stores about a track."""
    return {
        song.track.name: {
            "length": song.track.frames,
            "mean": song.track.mean,
            "std": song.track.std,
            "samplerate": RATE,
        }
        for song in segments.songs
    }


def noise(root: Path, songs: int) -> Manifest:
    """Songs of noise: their content does not affect the speed."""
    dice = np.random.default_rng(0)
    signal = dice.normal(0, 0.1, (2, SONG * RATE)).astype(np.float32)
    tracks = []
    for number in range(songs):
        files = {}
        for source in (*SOURCES, MIXTURE):
            path = root / "train" / f"song {number}" / f"{source}.wav"
            audio.write(path, signal, RATE)
            size = path.stat().st_size
            files[source] = File(
                path=str(path.relative_to(root)),
                size=size,
                sha256="",
                peak=0.5,
                loudness=None,
                active=1.0,
            )
        tracks.append(
            Track(
                name=f"song {number}",
                split="train",
                frames=SONG * RATE,
                seconds=float(SONG),
                mean=0.001,
                std=0.1,
                residual=0.0,
                files=files,
            )
        )
    return Manifest(
        name="noise", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tuple(tracks)
    )


def ratio(speeds: Sequence[Speed], ours: str, official: str) -> float:
    """The median over rounds of our loader's speed over the official one's."""
    found = {speed.name: speed.rounds for speed in speeds}
    pairs = zip(found[f"ours, {ours}"], found[f"official, {official}"], strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)
