"""Read what a trial is made from: stems of the data set, and estimates of the systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs import audio
from hdemucs.audio import Signal
from hdemucs.data.manifest import Manifest, Track
from hdemucs.data.stems import read_stems
from hdemucs.errors import UserError
from hdemucs.listening.excerpts import Excerpt, Excerpts, sample_path
from hdemucs.listening.stimuli.anchors import Material


@dataclass(frozen=True)
class Inputs:
    """A data set at `root`, its excerpts, and systems' estimates of them in `samples`."""

    root: Path
    manifest: Manifest
    excerpts: Excerpts
    samples: Path

    def track(self, name: str) -> Track:
        return next(track for track in self.manifest.tracks if track.name == name)

    def material(self, excerpt: Excerpt) -> Material:
        """The target and the other stems during the excerpt."""
        track = self.track(excerpt.track)
        stems = read_stems(self.root, track, self.manifest.sources, excerpt.start, excerpt.frames)
        rest = [stem for source, stem in stems.items() if source != excerpt.source]
        return Material(stems[excerpt.source], rest, self.manifest.sample_rate)

    def estimates(self, excerpt: Excerpt, systems: Sequence[str]) -> dict[str, Signal]:
        """The estimates of the excerpt by all systems.

        Raises:
            UserError: one is missing, or has another rate, length or number of channels.
        """
        wanted = {
            "rate": self.manifest.sample_rate,
            "channels": self.manifest.channels,
            "frames": excerpt.frames,
        }
        found = {}
        for system in systems:
            path = sample_path(self.samples, system, excerpt)
            if not path.exists():
                cure = (
                    f"run `dvc pull samples/{system}` or `dvc repro separate@{system}`, or remove "
                    "it from listening.systems"
                )
                raise UserError(path, "is missing", cure)
            audio.check(path, audio.inspect(path), wanted)
            found[system] = audio.read(path)
        return found
