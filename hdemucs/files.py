"""Write files that are complete or absent: they are written aside, synced, then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError

BLOCK = 1 << 20
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it if the block succeeds, otherwise deleted.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):  # the first error is the one to report
            temporary.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> UserError:
    """The error for a `path` that could not be written."""
    if error.errno in FULL:
        return UserError(path, "the disk is full", "free some space and run the same command again")
    return UserError(path, f"cannot be written ({error.strerror or error})", "check the folder")


def sync(path: Path) -> None:
    """Make sure that a file's content, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Write JSON with an indent of 2, keys in order, and a final newline; NaN is refused."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path, cure: str) -> Any:
    """Read a JSON file.

    Raises:
        UserError: it is missing or damaged; `cure` says how to make it again.
    """
    try:
        return json.loads(path.read_text())
    except FileNotFoundError as error:
        raise UserError(path, "is missing", cure) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(path, f"cannot be read as JSON ({error})", cure) from error


def digest(content: Any) -> str:
    """SHA-256 of a JSON value; the order of keys and the layout do not matter."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def digest_of_folder(folder: Path) -> tuple[int, str]:
    """The number of files in a folder, and a digest of their names and bytes.

    Raises:
        UserError: it is not a folder.
    """
    if not folder.is_dir():
        raise UserError(folder, "is no folder", "correct the path in params.yaml")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n".encode())
    return len(paths), total.hexdigest()
