"""Open any sound file and read it at any place, and only what it really contains.

WAV is read in place. Everything else is decoded completely, once, into a temporary file, because
lengths in headers may be estimates (MP3 without an index), unknown (streams), those of the first
part only (joined files), or those of a complete file (broken downloads). It is decoded by
libsndfile if that provably reads all of it, otherwise by ffmpeg.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from jaxtyping import Float32

from hdemucs.errors import UserError
from hdemucs.files import FULL, unwritable
from hdemucs.formats import channels, ffmpeg
from hdemucs.formats.wav import FORMS, CodedError, Wav, open_wav

Signal = Float32[np.ndarray, "channel sample"]

PIECE = 1 << 16  # samples that are decoded at a time
UNREAD = 1 << 13  # bytes that libFLAC reads ahead or a tag takes; more are missed sound
PACKED = {"FLAC", "OGG", "MP3"}  # formats of libsndfile whose header can contradict their size
INDEXES = (b"Xing", b"Info", b"VBRI")  # at the start of an MP3 with an index, which has its length
LONGEST = 1 << 62  # samples; libsndfile returns more if a FLAC's header does not say
FRAME = 4096  # bytes within which the first frame of an MP3 ends
GLANCE = 0.1  # seconds that are decoded to test whether a file can be


@dataclass(frozen=True)
class Sound:
    """An opened sound file."""

    path: Path
    wav: Wav  # the file itself, or its decoded copy
    subtype: str  # libsndfile's name, such as PCM_16; ffmpeg's decoder has none
    notes: tuple[str, ...]  # oddities of the file, and how it was read

    @property
    def rate(self) -> int:
        return self.wav.rate

    @property
    def channels(self) -> int:
        return self.wav.channels

    @property
    def frames(self) -> int:
        return self.wav.frames

    def read(self, start: int = 0, frames: int | None = None) -> Signal:
        """Read `frames` samples from `start` on, or to the end: [channel, sample] in -1..1.

        Raises:
            UserError: the file ends before that, or a sample is NaN or infinite.
        """
        wanted = self.frames - start if frames is None else frames
        if not 0 <= start <= start + wanted <= self.frames:
            problem = f"is truncated: {self.frames} of {start + wanted} samples are there"
            raise UserError(self.path, problem, "replace the file")
        signal = np.empty((self.channels, wanted), np.float32)
        self.wav.read(start, signal)
        return finite(self.path, signal, self.rate, start)


def finite(path: object, signal: Signal, rate: int, start: int = 0) -> Signal:
    """Check a signal, which begins at sample `start` of `path`, and return it.

    Raises:
        UserError: a sample is NaN or infinite; the time of the first is named.
    """
    good = np.isfinite(signal)
    if not good.all():
        first = start + int(np.argmin(good.all(axis=0)))
        problem = f"holds NaN or infinite samples, the first at {first / rate:.3f} s"
        raise UserError(path, problem, "look at what made it, and make it again")
    return signal


@contextmanager
def opened(path: Path) -> Iterator[Sound]:
    """Open a sound file of any format, inside a `with` block.

    Raises:
        UserError: it is missing, empty, damaged or truncated, or no program here can decode it.
    """
    if is_wav(path) and (sound := uncompressed(path)):
        yield holding(sound)
        return
    with temporary() as target:
        yield holding(decoded(path, target))


@contextmanager
def temporary() -> Iterator[Path]:
    """A temporary file to decode to, in the system's folder for these ($TMPDIR)."""
    with tempfile.TemporaryDirectory(prefix="hdemucs-") as folder:
        yield Path(folder) / "sound.wav"


def holding(sound: Sound) -> Sound:
    if sound.frames == 0:
        raise UserError(sound.path, "holds no audio", "replace the file")
    return sound


def look(path: Path) -> None:
    """Test quickly whether a file can be opened.

    Raises:
        UserError: as for `opened`, but only for what the beginning of the file shows.
    """
    if is_wav(path) and (sound := uncompressed(path)):
        holding(sound)
        return
    with temporary() as target:
        try:
            with libsndfile(path) as (file, _):
                if file.frames > 0:
                    return
        except UnprovenError as doubt:
            ffmpeg.needed(path, str(doubt))
        by_ffmpeg(path, target, GLANCE)


def is_wav(path: Path) -> bool:
    """Whether the first bytes of a file are those of a WAV file, whatever its name.

    Raises:
        UserError: it is missing, empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", "put the file there or make the data again") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if not head:
        raise UserError(path, "is not a readable sound file (0 bytes)", "replace the file")
    return head[:4] in FORMS and head[8:] == b"WAVE"


def unreadable(path: Path, error: OSError) -> UserError:
    return UserError(path, f"cannot be read ({error.strerror})", "check the file")


def uncompressed(path: Path) -> Sound | None:
    """A WAV file in place; None if its samples must be decoded."""
    try:
        wav = open_wav(path)
    except CodedError:
        return None
    subtype = "FLOAT" if wav.encoding == "<f4" else f"PCM_{wav.bits}"
    return Sound(path, wav, subtype, (wav.note,) if wav.note else ())


class UnprovenError(Exception):
    """Libsndfile cannot read a file, or may leave out a part of it."""


def decoded(path: Path, target: Path) -> Sound:
    """Decode the file's samples into a temporary file."""
    try:
        with libsndfile(path) as (file, raw):
            return by_libsndfile(path, file, raw, target)
    except UnprovenError as doubt:
        ffmpeg.needed(path, str(doubt))
        return by_ffmpeg(path, target)
    except OSError as error:
        raise (
            unwritable(target, error) if error.errno in FULL else unreadable(path, error)
        ) from error


@contextmanager
def libsndfile(path: Path) -> Iterator[tuple[soundfile.SoundFile, BinaryIO]]:
    """Open a file by its content: names may be invalid UTF-8 and have wrong endings."""
    with path.open("rb") as raw:
        try:
            file = soundfile.SoundFile(raw.fileno(), closefd=False)
        except soundfile.LibsndfileError as error:
            raise UnprovenError(f"libsndfile: {error.error_string}") from error
        with file:
            yield file, raw


def by_libsndfile(path: Path, file: soundfile.SoundFile, raw: BinaryIO, target: Path) -> Sound:
    """Decode every sample, if libsndfile is certain to return all of them.

    Raises:
        UnprovenError: it is not certain.
        UserError: the file is damaged, or ends before its header says.
    """
    claimed = file.frames
    if claimed == 0 or claimed > LONGEST:
        raise UnprovenError("its header does not tell how long it is")
    count = spooled(path, file, target)
    estimated = file.format == "MP3" and not indexed(path)
    if count < claimed and not estimated:
        problem = f"is truncated: {count} of {claimed} samples are there"
        raise UserError(path, problem, "replace the file")
    if count == claimed and estimated:
        raise UnprovenError("an MP3 without an index, of which libsndfile may leave out the end")
    left = path.stat().st_size - os.lseek(raw.fileno(), 0, os.SEEK_CUR)
    if file.format in PACKED and left > UNREAD:
        raise UnprovenError(f"{left} bytes follow on what its header counts, as in joined files")
    known = channels.KNOWN.get(file.channels, 0) if file.format in PACKED else 0
    wav = Wav(path, file.samplerate, file.channels, 32, "<f4", 0, count, known, "", target)
    return Sound(path, wav, file.subtype, ())


def spooled(path: Path, file: soundfile.SoundFile, target: Path) -> int:
    """Write what libsndfile decodes as 32-bit floats; return the number of samples per channel."""
    order = channels.VORBIS.get(file.channels) if file.format == "OGG" else None
    count = 0
    with target.open("wb") as out:
        try:
            while len(piece := file.read(PIECE, dtype="float32", always_2d=True)):
                (piece if order is None else piece[:, order]).astype("<f4").tofile(out)
                count += len(piece)
        except soundfile.LibsndfileError as error:
            seconds = f"{count / file.samplerate:.1f} s"
            problem = f"is damaged: decoding stops after {seconds} ({error.error_string})"
            raise UserError(path, problem, "replace the file") from error
    return count


def indexed(path: Path) -> bool:
    """Whether an MP3's first frame says how many there are (by Xing, LAME or Fraunhofer)."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":  # ID3v2: its size without these 10 bytes, in four times 7 bits
            size = sum(
                byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
            )
            file.seek(10 + size)
        else:
            file.seek(0)
        first = file.read(FRAME)
    return any(index in first for index in INDEXES)


def by_ffmpeg(path: Path, target: Path, seconds: float | None = None) -> Sound:
    said = ffmpeg.decode(path, target, seconds)
    wav = open_wav(path, target)
    notes = (
        ("decoded by ffmpeg", f"ffmpeg complains: {said[:200]}") if said else ("decoded by ffmpeg",)
    )
    return Sound(path, wav, "FLOAT", notes)
