"""A published archive brought to its place by steps that each go on after a stop."""

from __future__ import annotations

from pathlib import Path

from hdemucs.config.data import ArchiveConfig
from hdemucs.datasets.download import Checks, download
from hdemucs.datasets.partial import discard
from hdemucs.datasets.place import lock
from hdemucs.datasets.unpack import unpack


def downloaded(root: Path) -> Path:
    """Where the archive lies until it is unpacked."""
    return root.with_name(f".{root.name}.zip")


def fetch_archive(config: ArchiveConfig, root: Path) -> None:
    """Have the data set at `root`, whole or not at all.

    Beside it lie, until then, `.<name>.zip` (with its record) and `.<name>.part`.

    Raises:
        UserError: another process is at it, or a step of it failed; what was done stays done.
    """
    archive = downloaded(root)
    with lock(root.with_name(f".{root.name}.lock"), "downloading the data set"):
        if not root.exists():  # else a process was stopped before it removed the archive
            digests = {"md5": config.md5, "sha256": config.sha256}
            download(config, archive, Checks(digests, "the data set"))
            unpack(archive, root)
        discard(archive)
