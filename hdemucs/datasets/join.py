"""Add training tracks to a data set, as in the paper's Track B (MUSDB18-HQ and own songs)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hdemucs.data.manifest import File, Manifest, Track
from hdemucs.datasets.findings import refused
from hdemucs.datasets.place import lock, put
from hdemucs.datasets.record import leaks
from hdemucs.errors import UserError

Placed = tuple[Path, Manifest]


def fetch_joined(main: Placed, extra: Sequence[Placed], root: Path) -> Manifest:
    """Make one data set at `root`, of links to the tracks of `main` and the training tracks of
    `extra`.

    The main set comes first, then the others in order: adding a set moves no earlier track.

    Raises:
        UserError: an extra set has validation or test tracks, or a song of the main set's valid or
            test split; or two tracks have the same name.
    """
    part = root.with_name(f".{root.name}.part")
    with lock(root.with_name(f".{root.name}.lock"), "joining data sets"):
        shutil.rmtree(part, ignore_errors=True)
        tracks = [link(part, main[0], track, "") for track in main[1].tracks]
        for place, manifest in extra:
            check_trains(place, manifest)
            tracks += [link(part, place, track, manifest.name) for track in manifest.tracks]
        joined = replace(main[1], name=root.name, tracks=tuple(tracks))
        refused(part, list(leaks(joined)))
        put(part, root)
    return joined


def check_trains(root: Path, manifest: Manifest) -> None:
    held_out = [track for track in manifest.tracks if track.split != "train"]
    if held_out:
        problem = f"is extra data, yet {held_out[0].name!r} is to {held_out[0].split}"
        raise UserError(root, problem, "put all its tracks under splits.train")


def link(part: Path, root: Path, track: Track, prefix: str) -> Track:
    """Link a track's folder into `part`; the prefix of an extra track says which set it is from."""
    old = Path(next(iter(track.files.values())).path).parent
    name = f"{prefix} {track.name}".strip()
    new = old.with_name(name)
    place = part / new
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():
        raise UserError(root / old, "has the name of another track", "rename its folder")
    place.symlink_to((root / old).resolve(), target_is_directory=True)
    files = {key: moved(file, new) for key, file in track.files.items()}
    return replace(track, name=name, files=files)


def moved(file: File, folder: Path) -> File:
    return replace(file, path=str(folder / Path(file.path).name))
