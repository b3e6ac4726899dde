"""An unfinished download, and the record of its finished pieces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hdemucs.datasets.remote import Version
from hdemucs.errors import UserError
from hdemucs.files import BLOCK, read_json, unwritable, write_json

PIECE = 1 << 24  # bytes; the most that each connection loses if the program is interrupted


class Partial:
    """Pieces of a file on disk; the record lists exactly those that are complete and synced."""

    def __init__(self, path: Path, version: Version) -> None:
        """Continue with the present pieces if they are of this version, otherwise start anew."""
        self.path, self.version = path, version
        self.record = path.with_name(path.name + ".json")
        step = PIECE if version.ranges else version.size
        starts = range(0, version.size, step)
        self.pieces = [(start, min(start + step, version.size)) for start in starts]
        self.done = self.recorded()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            os.ftruncate(self.descriptor, version.size)
        except OSError as error:
            raise unwritable(path, error) from error

    def recorded(self) -> set[int]:
        """The pieces that an earlier process finished; none if the file has changed since."""
        try:
            known: Any = read_json(self.record, "")
            pieces = {int(piece) for piece in known["done"]}
            usable = known["version"] == asdict(self.version) and known["piece"] == PIECE
            whole = self.path.stat().st_size == self.version.size
        except (UserError, OSError, KeyError, TypeError, ValueError):
            return set()
        return pieces & set(range(len(self.pieces))) if usable and whole else set()

    @property
    def missing(self) -> list[int]:
        return [index for index in range(len(self.pieces)) if index not in self.done]

    @property
    def bytes_done(self) -> int:
        return sum(end - start for start, end in (self.pieces[index] for index in self.done))

    def write(self, chunk: bytes, position: int) -> None:
        try:
            view = memoryview(chunk)
            while view:
                count = os.pwrite(self.descriptor, view, position)
                view, position = view[count:], position + count
        except OSError as error:
            raise unwritable(self.path, error) from error

    def blocks(self, index: int) -> Iterator[bytes]:
        """A piece's bytes, in blocks."""
        start, end = self.pieces[index]
        for place in range(start, end, BLOCK):
            yield os.pread(self.descriptor, min(BLOCK, end - place), place)

    def finish(self, index: int) -> None:
        """Record a piece, after its bytes have reached the disk."""
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self.done.add(index)
        content = {"version": asdict(self.version), "piece": PIECE, "done": sorted(self.done)}
        write_json(self.record, content)

    def close(self) -> None:
        os.close(self.descriptor)


def discard(path: Path) -> None:
    """Delete an unfinished file and its record, also one that a killed process was writing."""
    record = path.with_name(path.name + ".json")
    for stray in path.parent.glob(f".{record.name}.*.tmp"):
        stray.unlink(missing_ok=True)
    record.unlink(missing_ok=True)
    path.unlink(missing_ok=True)
