"""The songs and their mixes as one folder, `data/joined/`, which fine-tuning trains on.

It holds a link to each track of both, so that every path of either manifest is there.
"""

from __future__ import annotations

import os
from pathlib import Path


def joined(songs: Path, mixes: Path, place: Path) -> Path:
    """Links to every track of both, in `place`, which it returns.

    Links that are right stay untouched, others are replaced in one step: jobs may be reading.
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
    """Have a link lead there, and at no time to nowhere."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.symlink_to(target, target_is_directory=True)
    draft.replace(link)
