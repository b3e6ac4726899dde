"""Fetch a published archive in steps, each of which can be resumed."""

from __future__ import annotations

from pathlib import Path

from hdemucs.config.data import ArchiveConfig
from hdemucs.datasets.download import Checks, download
from hdemucs.datasets.partial import discard
from hdemucs.datasets.place import lock
from hdemucs.datasets.unpack import unpack


def downloaded(root: Path) -> Path:
    """Where the archive is until it is unpacked."""
    return root.with_name(f".{root.name}.zip")


def fetch_archive(config: ArchiveConfig, root: Path) -> None:
    """Put the data set at `root`, completely or not at all.

    Until then, `.<name>.zip` (with its record) and `.<name>.part` are beside it.

    Raises:
        UserError: another process is doing this, or a step failed; finished steps are kept.
    """
    archive = downloaded(root)
    with lock(root.with_name(f".{root.name}.lock"), "downloading the data set"):
        if not root.exists():  # otherwise a process was stopped before it deleted the archive
            digests = {"md5": config.md5, "sha256": config.sha256}
            download(config, archive, Checks(digests, "the data set"))
            unpack(archive, root)
        discard(archive)
