"""Tracks of a data set on disk, to be scored."""

from __future__ import annotations

from pathlib import Path

from hdemucs import audio
from hdemucs.data.manifest import MIXTURE, Manifest, Track
from hdemucs.data.musdb18 import known
from hdemucs.evaluation.systems import DataFacts
from hdemucs.files import sha256


def read_mixture(root: Path, track: Track) -> audio.Signal:
    return audio.read(root / track.files[MIXTURE].path)


def data_facts(manifest: Manifest, path: Path) -> DataFacts:
    """The facts about the data that are stored with scores on this manifest's test tracks."""
    return DataFacts(
        name=known(manifest).name, sha256=sha256(path), sample_rate=manifest.sample_rate
    )
