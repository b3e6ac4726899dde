"""The songs and their mixes as one data set, beside the songs: what fine-tuning trains on.

data/automix/train/<Automix ...>/   the mixes, cached by DVC
data/automix.json                   manifest of the songs and the mixes, committed
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from hdemucs.automix.mix import automix
from hdemucs.config.automix import AutomixConfig
from hdemucs.data.manifest import Manifest
from hdemucs.datasets.examine import Expected
from hdemucs.datasets.record import surveyed

NAME = "automix"


def make(config: AutomixConfig, root: Path, manifest: Manifest, out: Path, jobs: int) -> Manifest:
    """Write the mixes to `out`; the manifest of the songs with them.

    Raises:
        UserError: the songs cannot be mixed, or the disk is full.
    """
    shutil.rmtree(out, ignore_errors=True)
    automix(root, manifest, out, config, jobs)
    expected = Expected(manifest.sources, manifest.sample_rate, manifest.channels)
    mixes = surveyed(out, NAME, expected, (), jobs).manifest
    return replace(
        manifest, name=f"{manifest.name}+{NAME}", tracks=(*manifest.tracks, *mixes.tracks)
    )
