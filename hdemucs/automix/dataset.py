"""The songs and their mixes as one data set, beside the songs: what fine-tuning trains on.

data/automix/train/<Automix ...>/   the mixes, cached by DVC
data/automix.json                   manifest of the songs and the mixes, committed
data/joined/{train,test}/<track>    links to both: every path of either manifest is there
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from hdemucs.automix.mix import automix
from hdemucs.config.automix import AutomixConfig
from hdemucs.data.examine import Expected
from hdemucs.data.manifest import Manifest
from hdemucs.data.record import surveyed

NAME = "automix"


def make(config: AutomixConfig, root: Path, manifest: Manifest, out: Path, jobs: int) -> Manifest:
    """Write the mixes to `out`; the manifest of the songs with them.

    Raises:
        Refusal: the songs cannot be mixed, or the disk is full.
    """
    shutil.rmtree(out, ignore_errors=True)
    automix(root, manifest, out, config, jobs)
    expected = Expected(manifest.sources, manifest.sample_rate, manifest.channels)
    mixes = surveyed(out, NAME, expected, (), jobs).manifest
    return replace(
        manifest, name=f"{manifest.name}+{NAME}", tracks=(*manifest.tracks, *mixes.tracks)
    )


def joined(songs: Path, mixes: Path, place: Path) -> Path:
    """A folder of links to every track of both; made anew, as either may have moved."""
    shutil.rmtree(place, ignore_errors=True)
    for root in (songs, mixes):
        for track in sorted(path for path in root.glob("*/*") if path.is_dir()):
            link = place / track.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(track.resolve(), target_is_directory=True)
    return place
