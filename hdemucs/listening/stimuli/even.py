"""Make files reveal nothing but their sound: equal sizes within a trial, one time stamp for all.

Compressed files of different sounds differ in size, so the size would show which file is the hidden
reference; times of writing would show the order of systems. FLAC has padding blocks for the first
(RFC 9639, 8.3), which decoders skip.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

MARK = b"fLaC"
PADDING = 1  # type of a padding block
HEAD = 4  # bytes of a block's header
LARGEST = (1 << 24) - 1  # most bytes in one block
LAST = 0x80  # flag of the last metadata block
STAMP = 946_684_800  # 1 January 2000, the time stamp of all files


def pad(paths: Sequence[Path]) -> None:
    """Make FLAC files as large as the largest one plus a block's header."""
    wanted = max(path.stat().st_size for path in paths) + HEAD
    for path in paths:
        content = path.read_bytes()
        path.write_bytes(padded(content, wanted - len(content)))


def padded(content: bytes, extra: int) -> bytes:
    """A FLAC file with `extra` bytes of padding after its first metadata block."""
    if not content.startswith(MARK):
        raise ValueError("no FLAC file")
    end = len(MARK) + HEAD + int.from_bytes(content[5:8], "big")
    first = bytearray(content[len(MARK) : end])
    last = first[0] & LAST
    first[0] &= ~LAST & 0xFF
    return MARK + bytes(first) + blocks(extra, last) + content[end:]


def blocks(size: int, last: int) -> bytes:
    """Padding blocks of `size` bytes in total, at least one header."""
    made = b""
    while size > 0:
        part = size if size <= LARGEST + HEAD else LARGEST
        flag = last if part == size else 0
        made += bytes([flag | PADDING]) + (part - HEAD).to_bytes(3, "big") + bytes(part - HEAD)
        size -= part
    return made


def stamp(paths: Iterable[Path]) -> None:
    """Set one time of change for all files and folders."""
    for path in paths:
        os.utime(path, (STAMP, STAMP))
