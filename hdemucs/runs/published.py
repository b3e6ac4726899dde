"""Finished models that DVC has for this project: fetched from its cache or its remote."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdemucs.files import sha256, sync

WEIGHTS = "model.safetensors"


def holds(folder: Path, weights: str) -> bool:
    """Whether a folder's model has the weights with this SHA-256."""
    path = folder / WEIGHTS
    return path.is_file() and sha256(path) == weights


def bring(root: Path, folder: Path, weights: str) -> bool:
    """Fetch a model that dvc.lock knows; False if neither the cache nor the remote has it.

    `folder` may be a stage's output that DVC has just deleted, as it does before it runs a stage.
    """
    from dvc.api import DVCFileSystem  # takes half a second, rarely needed

    name = folder.relative_to(root).as_posix()
    try:
        with replacing_folder(folder) as temporary:
            DVCFileSystem(str(root)).get(name, str(temporary), recursive=True)
            if not holds(temporary, weights):
                raise FileNotFoundError(f"{name} in dvc.lock is another model")
    except Exception as error:  # every kind of remote fails in its own way
        reason = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"{name}: it is neither in DVC's cache nor in its remote ({reason})\n")
        return False
    return True


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Make a temporary folder beside `folder`, which replaces it if the block succeeds.

    Several clients may collect one run; each waits for the others.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder.parent):
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            yield temporary
            shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
            sync(folder.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder itself, which needs no file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
