"""Sound files in and out.

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
    """What a sound file holds."""

    rate: int  # Hz
    channels: int
    frames: int  # samples per channel
    subtype: str  # libsndfile's name, as PCM_16

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def inspect(path: Path) -> Format:
    """Read the header of a WAV file; decode any other, as only its samples tell how many they are.

    Raises:
        UserError: the file is missing, empty or no sound file, or is shorter than it says.
    """
    with opened(path) as sound:
        return Format(sound.rate, sound.channels, sound.frames, sound.subtype)


def read(path: Path, start: int = 0, frames: int | None = None) -> Signal:
    """`frames` samples from `start` on; to the end if None.

    Raises:
        UserError: the file cannot be read, ends before `start + frames`, or holds NaN.
    """
    with opened(path) as sound:
        return sound.read(start, frames)


def load(path: Path) -> tuple[Signal, int]:
    """All of a file, and its sample rate.

    Raises:
        UserError: the file cannot be read, or holds NaN.
    """
    with opened(path) as sound:
        return sound.read(), sound.rate


def write(path: Path, signal: Signal, rate: int, bits: int = 16) -> None:
    """Write WAV, FLAC or AIFF by the suffix: integers of 16, 24 or 32 bits, or 0 for 32-bit float.

    Samples beyond full scale are clipped when `bits` is not 0. The same signal gives the same bytes
    (integer formats only: libsndfile puts the time of day into float WAV).

    Raises:
        UserError: NaN or infinite samples, an unknown suffix, a full disk.
    """
    finite(path, signal, rate)
    if path.suffix.lower() not in CONTAINERS:
        raise UserError(path, f"unknown suffix {path.suffix!r}", f"use one of {sorted(CONTAINERS)}")
    data = quantised(signal, bits) if bits else signal
    write_samples(path, data.T, rate, INTEGERS.get(bits, "FLOAT"))


def quantised(signal: Signal, bits: int) -> np.ndarray:
    """Integers as libsndfile wants them: rounded to `bits`, left-aligned in int16 or int32."""
    scaled = np.rint(signal.astype(np.float64) * 2 ** (bits - 1))
    integers = np.clip(scaled, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int64)
    container = 16 if bits == 16 else 32  # noqa: PLR2004  libsndfile takes these two only
    return (integers << (container - bits)).astype(f"int{container}")


def write_samples(path: Path, samples: np.ndarray, rate: int, subtype: str) -> None:
    """Samples [sample, channel] as they are, whole or not at all."""
    with created(path, rate, samples.shape[1], subtype) as file:
        file.write(samples)


@contextmanager
def created(path: Path, rate: int, channels: int, subtype: str) -> Iterator[soundfile.SoundFile]:
    """A sound file to write to, that takes its place when the block ends well."""
    with replacing(path) as temporary:
        try:
            kind = CONTAINERS[path.suffix.lower()]
            name = os.fsencode(temporary)  # which may be no UTF-8
            with soundfile.SoundFile(name, "w", rate, channels, subtype, format=kind) as file:
                yield file
        except soundfile.LibsndfileError as error:
            cure = "check the space left on the disk, and that the format has these bits"
            raise UserError(path, f"cannot be written ({error})", cure) from error


@contextmanager
def writing(path: Path, rate: int, channels: int, bits: int) -> Iterator[Callable[[Signal], int]]:
    """Write a long signal piece by piece, as `write` does it whole.

    Yields a function that takes the next piece and returns how many samples it had to clip. It
    raises a UserError for NaN and infinite samples, with the time of the first.
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
    """Hold a header to the rate, channels and frames that are wanted (any of them).

    Raises:
        UserError: the first one that differs.
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
