"""Read and write sound files.

Signals are float32 arrays [channel, sample] in -1..1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float

from hdemucs.errors import UserError
from hdemucs.files import replacing
from hdemucs.formats.sound import finite, opened

Signal = Float[np.ndarray, "channel sample"]

CONTAINERS = {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF"}
INTEGERS = {16: "PCM_16", 24: "PCM_24", 32: "PCM_32"}


@dataclass(frozen=True)
class Format:
    """The format of a sound file."""

    rate: int  # Hz
    channels: int
    frames: int  # samples per channel
    subtype: str  # libsndfile's name, such as PCM_16

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def inspect(path: Path) -> Format:
    """Read the header of a WAV file; decode any other file, to find its real length.

    Raises:
        UserError: the file is missing, empty, no sound file, or shorter than its header says.
    """
    with opened(path) as sound:
        return Format(sound.rate, sound.channels, sound.frames, sound.subtype)


def read(path: Path, start: int = 0, frames: int | None = None) -> Signal:
    """Read `frames` samples from `start` on, or to the end if None.

    Raises:
        UserError: the file cannot be read, ends before `start + frames`, or contains NaN.
    """
    with opened(path) as sound:
        return sound.read(start, frames)


def load(path: Path) -> tuple[Signal, int]:
    """Read a whole file; returns its signal and sample rate in Hz.

    Raises:
        UserError: the file cannot be read, or contains NaN.
    """
    with opened(path) as sound:
        return sound.read(), sound.rate


def write(path: Path, signal: Signal, rate: int, bits: int = 16) -> None:
    """Write WAV, FLAC or AIFF, by the suffix: integers of 16, 24 or 32 bits; 0 means 32-bit float.

    Samples beyond full scale are clipped unless `bits` is 0. The same signal gives the same bytes,
    except in float WAV, into which libsndfile writes the time of day.

    Raises:
        UserError: NaN or infinite samples, an unknown suffix, a full disk.
    """
    finite(path, signal, rate)
    if path.suffix.lower() not in CONTAINERS:
        raise UserError(path, f"unknown suffix {path.suffix!r}", f"use one of {sorted(CONTAINERS)}")
    data = quantised(signal, bits) if bits else signal
    write_samples(path, data.T, rate, INTEGERS.get(bits, "FLOAT"))


def quantised(signal: Signal, bits: int) -> np.ndarray:
    """Integers in the form libsndfile needs: rounded to `bits`, left-aligned in int16 or int32."""
    scaled = np.rint(signal.astype(np.float64) * 2 ** (bits - 1))
    integers = np.clip(scaled, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int64)
    container = 16 if bits == 16 else 32  # noqa: PLR2004  libsndfile accepts only these two
    return (integers << (container - bits)).astype(f"int{container}")


def write_samples(path: Path, samples: np.ndarray, rate: int, subtype: str) -> None:
    """Write samples [sample, channel] without conversion; the file appears when complete."""
    with created(path, rate, samples.shape[1], subtype) as file:
        file.write(samples)


@contextmanager
def created(path: Path, rate: int, channels: int, subtype: str) -> Iterator[soundfile.SoundFile]:
    """Open a sound file for writing; it replaces `path` when the block ends without an error."""
    with replacing(path) as temporary:
        try:
            kind = CONTAINERS[path.suffix.lower()]
            name = os.fsencode(temporary)  # it may be invalid UTF-8
            with soundfile.SoundFile(name, "w", rate, channels, subtype, format=kind) as file:
                yield file
        except soundfile.LibsndfileError as error:
            cure = "check the space left on the disk, and that the format has these bits"
            raise UserError(path, f"cannot be written ({error})", cure) from error


@contextmanager
def writing(path: Path, rate: int, channels: int, bits: int) -> Iterator[Callable[[Signal], int]]:
    """Write a long signal in pieces, as `write` does in one.

    Yields a function that takes the next piece and returns how many samples it had to clip. It
    raises UserError for NaN and infinite samples, with the time of the first.
    """
    done = 0
    with created(path, rate, channels, INTEGERS.get(bits, "FLOAT")) as file:

        def append(signal: Signal) -> int:
            nonlocal done
            finite(path, signal, rate, done)
            done += signal.shape[-1]
            file.write((quantised(signal, bits) if bits else signal).T)
            return int((np.abs(signal) > 1).sum()) if bits else 0

        yield append


def check(path: Path, found: Format, wanted: Mapping[str, int]) -> None:
    """Compare a header with those of rate, channels and frames that are wanted.

    Raises:
        UserError: one differs; the first is named.
    """
    cures = {
        "rate": "resample the file or set data.sample_rate",
        "channels": "supply a stereo file" if wanted.get("channels") == 2 else "convert the file",  # noqa: PLR2004
        "frames": "give all stems of a track the same length",
    }
    for name, value in wanted.items():
        actual = getattr(found, name)
        if actual != value:
            raise UserError(path, f"has {name} {actual} where {value} is expected", cures[name])
