"""Where data sets are: outside of DVC, which would copy, push or delete 22 GB."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdemucs.data.manifest import Manifest
from hdemucs.errors import UserError
from hdemucs.files import sync, unwritable

MUSDB = "musdb18hq"
FETCH = "run `dvc repro -f -s fetch`"


def where(name: str, home: Path) -> Path:
    """The root of a data set: `home`/data/<its name>, or $MUSDB_ROOT for MUSDB18-HQ, if set.

    `home` is the main checkout, because those of `dvc exp run --temp` are deleted afterwards.
    """
    given = os.environ.get("MUSDB_ROOT", "")
    if name == MUSDB and given:
        return Path(given).expanduser().resolve()
    return home.resolve() / "data" / name


def check_present(root: Path, manifest: Manifest) -> None:
    """Compare the sizes of all files with the manifest's: takes a second, since no file is read.

    Raises:
        UserError: a file is missing or has another size; it names the first and says what to type.
    """
    if not root.is_dir():
        hint = " or set $MUSDB_ROOT to a copy" if manifest.name == MUSDB else ""
        raise UserError(root, f"is missing, with the data set {manifest.name}", FETCH + hint)
    for track in manifest.tracks:
        for file in track.files.values():
            check_size(root / file.path, file.size)


def check_size(path: Path, size: int) -> None:
    try:
        found = path.stat().st_size
    except OSError as error:
        raise UserError(path, f"is missing ({error.strerror})", FETCH) from error
    if found != size:
        problem = f"has {found} bytes where data/manifest.json says {size}"
        raise UserError(path, problem, f"put the file back or {FETCH}")


def check_space(folder: Path, wanted: int, what: str) -> None:
    """Check that the disk has `wanted` bytes, before hours are spent on filling it.

    Raises:
        UserError: it has less.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < wanted:
        problem = f"has {free / 1e9:.1f} GB free where {what} needs {wanted / 1e9:.1f} GB"
        cure = "free some space, or make data/ a link to a folder on a larger disk"
        raise UserError(folder, problem, cure)


@contextmanager
def lock(path: Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Keep other processes from the same work; the kernel releases the lock when this process ends.

    Raises:
        UserError: another process holds it and `wait` is false; it is named by its id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        take(descriptor, path, what, wait=wait)
        yield
    finally:
        os.close(descriptor)


def take(descriptor: int, path: Path, what: str, *, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        problem = f"is held by process {owner}, which is {what}"
        if not wait:
            raise UserError(path, problem, "wait for it and run the same command again") from error
        sys.stderr.write(f"{path} {problem}: waiting for it\n")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def put(part: Path, root: Path) -> None:
    """Rename a finished folder to its place; an older one is deleted afterwards."""
    old = root.with_name(f".{root.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if root.exists():
        root.rename(old)
    part.rename(root)
    sync(root.parent)
    shutil.rmtree(old, ignore_errors=True)
