"""Uncompressed WAV files read at random places without decoding, as fast as the disk gives them."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32

from hdemucs.errors import UserError

Signal = Float32[np.ndarray, "channel sample"]

PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE  # format tags of the RIFF WAVE registry
ENCODINGS = {(PCM, 16): "<i2", (PCM, 24): "u1", (PCM, 32): "<i4", (FLOAT, 32): "<f4"}
CURE = "convert it to WAV of 16, 24 or 32 bits"


@dataclass(frozen=True)
class Wav:
    """Where the samples of an uncompressed WAV file lie."""

    path: Path
    rate: int  # Hz
    channels: int
    bits: int  # per sample
    encoding: str  # numpy's type string; "u1" stands for packed 24-bit integers
    offset: int  # of the first sample, bytes
    frames: int  # samples per channel

    @property
    def block(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    def read(self, start: int, out: Signal, gain: float = 1.0, bias: float = 0.0) -> int:
        """Fill `out` from sample `start` on with `gain * x + bias`, x in -1..1; zeros past the end.

        Past the end there is no bias: padding is silence after normalisation.

        Returns:
            How many samples per channel came from the file.

        Raises:
            UserError: the file is gone or shorter than its header says.
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
        """Samples [sample, channel] as stored, and the value that stands for full scale."""
        raw = self.bytes(self.offset + start * self.block, count * self.block)
        if self.encoding == "u1":
            wide = np.zeros((count, self.channels, 4), np.uint8)
            wide[..., 1:] = raw.reshape(count, self.channels, 3)
            return wide.view("<i4")[..., 0], 2.0**31
        full_scale = 1.0 if self.encoding == "<f4" else 2.0 ** (self.bits - 1)
        return raw.view(self.encoding).reshape(count, self.channels), full_scale

    def bytes(self, offset: int, size: int) -> np.ndarray:
        """One positioned read: unlike a memory map it cannot kill the process on a short file."""
        raw = np.empty(size, np.uint8)
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
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


def open_wav(path: Path) -> Wav:
    """Find the samples of a WAV file from its header.

    Raises:
        UserError: it is missing, damaged, truncated, compressed or no WAV file.
    """
    try:
        with path.open("rb") as file:
            return parse(path, file)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", "put the file there or fetch the data again") from error
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "check the file") from error


def parse(path: Path, file: BinaryIO) -> Wav:
    """Walk the chunks up to `data`."""
    riff = file.read(12)
    if len(riff) != 12 or riff[:4] != b"RIFF" or riff[8:] != b"WAVE":  # noqa: PLR2004  RIFF, size, WAVE
        raise UserError(path, "is no WAV file", CURE)
    form = b""
    while len(head := file.read(8)) == 8:  # noqa: PLR2004  name and size
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            return described(path, form, (file.tell(), size))
        form = file.read(size) if name == b"fmt " else form
        file.seek(size % 2 + (0 if name == b"fmt " else size), os.SEEK_CUR)
    raise UserError(path, "is a WAV file without samples", "replace the file")


def described(path: Path, form: bytes, data: tuple[int, int]) -> Wav:
    """The file that a `fmt ` chunk and the place and size of `data` describe."""
    if len(form) < 16:  # noqa: PLR2004  the shortest there is
        raise UserError(path, "is a WAV file without a format", "replace the file")
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if tag == EXTENSIBLE and len(form) >= 26:  # noqa: PLR2004  the tag proper opens the GUID there
        tag = struct.unpack_from("<H", form, 24)[0]
    encoding = ENCODINGS.get((tag, bits))
    if encoding is None or not channels or block != channels * bits // 8:
        raise UserError(path, f"holds samples of an unknown kind (tag {tag}, {bits} bits)", CURE)
    offset, size = data
    if path.stat().st_size < offset + size:
        raise UserError(path, "is truncated", "replace the file")
    return Wav(path, rate, channels, bits, encoding, offset, size // block)
