"""Score every oracle on the test tracks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.data.manifest import Manifest, Track
from hdemucs.data.stems import read_stems
from hdemucs.evaluation.oracles import static
from hdemucs.evaluation.oracles.estimate import STATIC, Fitted, estimate
from hdemucs.evaluation.score import score_track
from hdemucs.evaluation.tracks import read_mixture
from hdemucs.metrics.museval_json import TrackScores
from hdemucs.workers import mapped


@dataclass(frozen=True)
class Powers:
    """Computes the spectra of one training track's stems in a process of its own."""

    root: Path
    sources: tuple[str, ...]
    window: int

    def __call__(self, track: Track) -> dict[str, static.Mask]:
        return static.powers(read_stems(self.root, track, self.sources), self.window)


@dataclass(frozen=True)
class Scores:
    """Scores all oracles on one test track in a process of its own, so that it is read once."""

    root: Path
    sources: tuple[str, ...]
    rate: int
    config: EvaluationConfig
    fitted: Fitted

    def __call__(self, track: Track) -> dict[str, TrackScores]:
        torch.set_num_threads(1)  # one process per track is faster than several threads within one
        stems = read_stems(self.root, track, self.sources)
        mixture = read_mixture(self.root, track)
        return {
            name: score_track(
                track.name,
                stems,
                estimate(name, mixture, stems, self.fitted),
                self.rate,
                self.config.metrics,
            )
            for name in self.config.oracles.names
        }


def score_oracles(
    manifest: Manifest, root: Path, config: EvaluationConfig, jobs: int
) -> dict[str, list[TrackScores]]:
    """The scores of every test track by each oracle of the configuration.

    Raises:
        UserError: a file is missing or damaged, or cannot be scored.
    """
    window = config.oracles.window
    songs = manifest.split("train") if STATIC in config.oracles.names else []
    spectra = mapped(Powers(root, manifest.sources, window), songs, jobs, "training spectra")
    fitted = Fitted(window, static.fit(spectra) if spectra else {})
    work = Scores(root, manifest.sources, manifest.sample_rate, config, fitted)
    scored = mapped(work, manifest.split("test"), jobs, "oracles")
    return {name: [track[name] for track in scored] for name in config.oracles.names}
