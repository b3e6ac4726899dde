"""The songs and their mixes as one data set, for fine-tuning.

data/automix/train/<Automix ...>/   the mixes, cached by DVC data/automix.json manifest of the songs
and the mixes, in git data/.automix/<key>/                unfinished work, resumed after a kill
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from hdemucs.automix.mix import automix
from hdemucs.automix.work import Work, key
from hdemucs.config.automix import AutomixConfig
from hdemucs.data.manifest import Manifest
from hdemucs.datasets.place import lock

NAME = "automix"
WORK = f".{NAME}"


def make(
    config: AutomixConfig, root: Path, manifest: Manifest, home: Path, out: Path, jobs: int
) -> Manifest:
    """Write the mixes to `out`; return the manifest of songs and mixes.

    The work is done in `home`/.automix/<key> and stays there: `out` links to its files, and DVC may
    be killed before it has stored them.

    Raises:
        UserError: the songs cannot be mixed, the disk is full, or another process is doing this.
    """
    work = home / WORK / key(config, manifest)
    with lock(work.with_suffix(".lock"), "mixing songs"):
        mixes = automix(root, manifest, work, config, jobs)
        Work(work).publish(out)
    for other in sorted(place for place in work.parent.iterdir() if place.is_dir()):
        if other != work:
            sys.stderr.write(f"{other}: mixes of other songs or parameters; remove it if done\n")
    return replace(manifest, name=f"{manifest.name}+{NAME}", tracks=(*manifest.tracks, *mixes))
