"""MUSDB18-HQ: an existing copy, or the published archive, downloaded."""

from __future__ import annotations

import os
from pathlib import Path

from hdemucs.config.data import MusdbConfig, Tracks
from hdemucs.data.manifest import Manifest
from hdemucs.datasets.archive import downloaded, fetch_archive
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.place import MUSDB
from hdemucs.datasets.record import record
from hdemucs.datasets.summary import SPLITS
from hdemucs.errors import UserError


def fetch_musdb(config: MusdbConfig, expected: Expected, root: Path, jobs: int) -> Manifest:
    """The data set at `root`, downloaded if there is none; an existing copy is only read.

    Raises:
        UserError: it cannot be obtained, lacks tracks, or has a bad file.
    """
    if os.environ.get("MUSDB_ROOT"):
        if not root.exists():
            cure = "correct the variable, or unset it to have the data set downloaded"
            raise UserError("$MUSDB_ROOT", f"is {root}, which does not exist", cure)
    elif root.is_symlink() and not root.exists():
        cure = "correct the link, or remove it to have the data set downloaded"
        raise UserError(root, "is a link to a folder that is not there", cure)
    elif not root.exists() or downloaded(root).exists():
        fetch_archive(config.archive, root)
    manifest = record(root, MUSDB, expected, config.valid, jobs)
    check_counts(root, manifest, config.tracks)
    return manifest


def check_counts(root: Path, manifest: Manifest, tracks: Tracks) -> None:
    """Compare the numbers of tracks with the published ones.

    Raises:
        UserError: a split has more or fewer.
    """
    for split in SPLITS:
        found, wanted = len(manifest.split(split)), getattr(tracks, split)
        if found != wanted:
            problem = f"has {found} {split} tracks where {wanted} are expected"
            cure = "complete the copy, or move it away to have the data set downloaded"
            raise UserError(root, problem, cure)
