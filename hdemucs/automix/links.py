"""The songs and their mixes as one folder, `data/joined/`, for fine-tuning.

The folder has a link to each track of both, so every path of either manifest exists in it.
"""

from __future__ import annotations

import os
from pathlib import Path


def joined(songs: Path, mixes: Path, place: Path) -> Path:
    """Make links in `place` to every track of both; return `place`.

    Correct links stay untouched and others are replaced atomically, since jobs may be reading.
    """
    tracks = {
        track.relative_to(root): track.resolve()
        for root in (songs, mixes)
        for track in root.glob("*/*")
        if track.is_dir()
    }
    for name, track in sorted(tracks.items()):
        point(place / name, track)
    for link in place.glob("*/[!.]*"):
        if link.relative_to(place) not in tracks:
            link.unlink()
    return place


def point(link: Path, target: Path) -> None:
    """Make a link lead to `target`; it exists at every moment."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.symlink_to(target, target_is_directory=True)
    draft.replace(link)
