"""Fetch a study's data, check them, and record them in a manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hdemucs.config.data import EmbeddedConfig, FetchConfig, MusdbConfig, OwnConfig
from hdemucs.data.manifest import Manifest
from hdemucs.datasets.embedded import fetch_embedded
from hdemucs.datasets.join import Placed, fetch_joined
from hdemucs.datasets.musdb import fetch_musdb
from hdemucs.datasets.names import expected, main_name, name_of, own_name
from hdemucs.datasets.own import fetch_own
from hdemucs.datasets.place import where
from hdemucs.datasets.summary import SPLITS
from hdemucs.errors import UserError


def fetch(config: FetchConfig, home: Path, jobs: int) -> Manifest:
    """Put the data set at `where(name_of(config), home)` and record it, with `jobs` processes.

    The manifest depends on the data only: it has no paths of this machine and no times.

    Raises:
        UserError: the data cannot be obtained, or something is wrong with them.
    """
    main = fetch_main(config, home, jobs)
    for split in SPLITS:
        if not main[1].split(split):
            raise UserError(main[0], f"has no {split} tracks", f"give it some under splits.{split}")
    hold_sounding(*main)
    if not config.extra:
        return main[1]
    extra = [placed(own, config, home, jobs) for own in config.extra]
    return fetch_joined(main, extra, where(name_of(config), home))


def hold_sounding(root: Path, manifest: Manifest) -> None:
    """Check that every source is audible in some training song and in some test song.

    Raises:
        UserError: a source is silent in all training or in all test tracks.
    """
    for split in ("train", "test"):
        tracks = manifest.split(split)
        for source in manifest.sources:
            if not any(track.files[source].peak for track in tracks):
                problem = f"is silent in all {len(tracks)} {split} tracks"
                cure = "add a song with it, or leave it out of fetch.sources"
                raise UserError(f"{root}: {source}", problem, cure)


def fetch_main(config: FetchConfig, home: Path, jobs: int) -> Placed:
    """The data set without the extra tracks."""
    wanted, root = expected(config), where(main_name(config), home)
    match config.data:
        case EmbeddedConfig():
            return root, fetch_embedded(config.data.corpus, wanted, root, jobs)
        case MusdbConfig():
            return root, fetch_musdb(config.data, wanted, root, jobs)
        case OwnConfig():
            return placed(config.data, config, home, jobs)


def placed(own: OwnConfig, config: FetchConfig, home: Path, jobs: int) -> Placed:
    """One of the user's own data sets, whose songs are relative to `home`."""
    wanted = expected(config)
    root = where(own_name(own, wanted), home)
    return root, fetch_own(replace(own, root=str(home / own.root)), wanted, root, jobs)
