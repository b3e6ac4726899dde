"""Read uncompressed WAV files at random places without decoding, as fast as the disk allows.

The formats are RIFF WAVE and its 64-bit form (RF64 of EBU Tech 3306, BW64 of ITU-R BS.2088), whose
`ds64` chunk has the sizes. A program that cannot go back to the header, because it writes to a pipe
or was stopped, leaves a meaningless size. Then the samples reach to the end of the file, and `note`
says so.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32

from hdemucs.errors import UserError

Signal = Float32[np.ndarray, "channel sample"]

PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE  # format tags of the RIFF WAVE registry
ENCODINGS = {(PCM, 16): "<i2", (PCM, 24): "u1", (PCM, 32): "<i4", (FLOAT, 32): "<f4"}
CURE = "convert it to WAV of 16, 24 or 32 bits"

FORMS = (b"RIFF", b"RF64", b"BW64")
WRAP = 1 << 32  # bytes at which a 32-bit size wraps around to 0
PLACEHOLDERS = (WRAP, WRAP >> 1)  # sizes just below these, or equal to them, mean "unknown"
NEAR = 1 << 16
STREAM = "its header does not know how long it is, as of a stream; all that is there was read"


class CodedError(UserError):
    """A WAV file whose samples must be decoded."""


@dataclass(frozen=True)
class Wav:
    """The place of the samples in an uncompressed WAV file."""

    path: Path
    rate: int  # Hz
    channels: int
    bits: int  # per sample
    encoding: str  # numpy's type; "u1" stands for packed 24-bit integers
    offset: int  # of the first sample, in bytes
    frames: int  # samples per channel
    mask: int = 0  # WAVEFORMATEXTENSIBLE's dwChannelMask, one bit per loudspeaker; 0: unknown
    note: str = ""  # oddities of the file, and how it was read
    at: Path | None = None  # the decoded copy, if `path` had to be decoded

    @property
    def block(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    def read(self, start: int, out: Signal, gain: float = 1.0, bias: float = 0.0) -> int:
        """Fill `out` from sample `start` on with `gain * x + bias`, x being in -1..1; zeros past
        the end.

        Past the end no bias is added: padding is silence after normalisation.

        Returns:
            The number of samples per channel that came from the file.

        Raises:
            UserError: the file is gone, or shorter than its header says.
        """
        count = max(0, min(out.shape[-1], self.frames - start))
        out[:, count:] = 0
        if count:
            samples, full_scale = self.samples(start, count)
            inside = out[:, :count]
            scale = np.float32(gain / full_scale)
            np.multiply(samples.T, scale, out=inside, dtype=np.float32, casting="unsafe")
            if bias:
                np.add(inside, np.float32(bias), out=inside)
        return count

    def samples(self, start: int, count: int) -> tuple[np.ndarray, float]:
        """Samples [sample, channel] as stored, and the value of full scale."""
        raw = self.bytes(self.offset + start * self.block, count * self.block)
        if self.encoding == "u1":
            wide = np.zeros((count, self.channels, 4), np.uint8)
            wide[..., 1:] = raw.reshape(count, self.channels, 3)
            return wide.view("<i4")[..., 0], 2.0**31
        full_scale = 1.0 if self.encoding == "<f4" else 2.0 ** (self.bits - 1)
        return raw.view(self.encoding).reshape(count, self.channels), full_scale

    def bytes(self, offset: int, size: int) -> np.ndarray:
        """Read at a position: unlike a memory map, this cannot kill the process if the file is
        short.
        """
        raw = np.empty(size, np.uint8)
        try:
            descriptor = os.open(self.at or self.path, os.O_RDONLY)
            try:
                got = 0
                while got < size and (
                    more := os.preadv(descriptor, [raw.data[got:]], offset + got)
                ):
                    got += more
            finally:
                os.close(descriptor)
        except OSError as error:
            cure = "put the file back or fetch the data again"
            raise UserError(self.path, f"cannot be read ({error.strerror})", cure) from error
        if got != size:
            raise UserError(self.path, "is truncated", "replace the file")
        return raw


def open_wav(path: Path, at: Path | None = None) -> Wav:
    """Find the samples of a WAV file from its header; `at` is the decoded copy of `path`.

    Raises:
        CodedError: its samples are compressed, or have 8 or 64 bits.
        UserError: it is missing, damaged, truncated or not a WAV file.
    """
    try:
        with (at or path).open("rb") as file:
            return replace(parse(path, file), at=at)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", "put the file there or fetch the data again") from error
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "check the file") from error


def parse(path: Path, file: BinaryIO) -> Wav:
    """Read the chunks up to `data`."""
    riff = file.read(12)
    if len(riff) != 12 or riff[:4] not in FORMS or riff[8:] != b"WAVE":  # noqa: PLR2004  RIFF, size, WAVE
        raise UserError(path, "is no WAV file", CURE)
    chunks = {b"fmt ": b"", b"ds64": b""}
    while len(head := file.read(8)) == 8:  # noqa: PLR2004  name and size
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            return described(path, chunks[b"fmt "], extent(path, file, size, chunks[b"ds64"]))
        start = file.tell()
        if name in chunks:
            chunks[name] = file.read(size)
        file.seek(start + size + size % 2)
    raise UserError(path, "is a WAV file without samples", "replace the file")


def extent(path: Path, file: BinaryIO, size: int, ds64: bytes) -> tuple[int, int, str]:
    """Where the samples begin, how many bytes they are, and a note about that.

    `size` is what the header of the `data` chunk says; `file` has just been read up to it.

    Raises:
        UserError: the file is shorter than its header says.
    """
    offset = file.tell()
    there = file.seek(0, os.SEEK_END) - offset
    if size == WRAP - 1 and len(ds64) >= 16:  # noqa: PLR2004  sizes of RIFF and of data
        size = struct.unpack_from("<Q", ds64, 8)[0]
    if size > there and any(near - NEAR <= size <= near for near in PLACEHOLDERS):
        return offset, there, STREAM
    if size == 0 and not chunks_follow(file, offset):
        return offset, there, STREAM
    if size > there:
        problem = f"is truncated: {there} of {size} bytes of sound are there"
        raise UserError(path, problem, "replace the file")
    wrapped = (there - size) // WRAP * WRAP
    return offset, size + wrapped, STREAM if wrapped else ""


def chunks_follow(file: BinaryIO, offset: int) -> bool:
    """Whether the rest of the file is chunks: then a `data` chunk of size 0 is really empty."""
    end = file.seek(0, os.SEEK_END)
    while offset < end:
        file.seek(offset)
        head = file.read(8)
        if len(head) < 8 or any(not 32 <= letter < 127 for letter in head[:4]):  # noqa: PLR2004  ASCII
            return False
        size = int.from_bytes(head[4:], "little")
        offset += 8 + size + size % 2
    return offset in (end, end + 1)  # the last chunk's padding may be missing


def described(path: Path, form: bytes, data: tuple[int, int, str]) -> Wav:
    """The file described by a `fmt ` chunk and the place of its samples."""
    if len(form) < 16:  # noqa: PLR2004  the shortest possible
        raise UserError(path, "is a WAV file without a format", "replace the file")
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    mask = 0
    if tag == EXTENSIBLE and len(form) >= 26:  # noqa: PLR2004  the tag proper opens the GUID there
        mask, tag = struct.unpack_from("<IH", form, 20)
    encoding = ENCODINGS.get((tag, bits))
    if encoding is None or not channels or not rate or block != channels * bits // 8:
        raise CodedError(path, f"holds samples of an unknown kind (tag {tag}, {bits} bits)", CURE)
    offset, size, note = data
    return Wav(path, rate, channels, bits, encoding, offset, size // block, mask, note)
