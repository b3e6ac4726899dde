"""Scores of the test tracks as a system separates them, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hdemucs.audio import Signal
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.data.manifest import Manifest
from hdemucs.metrics.museval_json import TrackScores
from hdemucs.progress import track as progress
from hdemucs.scoring.pictures import save_pictures, shown
from hdemucs.scoring.score import score_track
from hdemucs.scoring.tracks import read_mixture, read_stems

Separate = Callable[[str, Signal], Mapping[str, Signal]]  # a track's name and mixture -> estimates


def score_separated(
    manifest: Manifest,
    root: Path,
    separate: Separate,
    config: MetricsConfig,
    pictures: Path,
) -> list[TrackScores]:
    """Every test track's scores; `pictures` gets the spectrograms that reports show.

    Raises:
        Refusal: a file is missing or damaged, or an estimate cannot be scored.
    """
    tracks, scores = manifest.split("test"), []
    for track in progress(tracks, f"scores {pictures.parent.name}", unit="tracks"):
        estimates = separate(track.name, read_mixture(root, track))
        stems = read_stems(root, track, manifest.sources)
        scores.append(score_track(track.name, stems, estimates, manifest.sample_rate, config))
        if track.name == shown(tracks):
            save_pictures(pictures, estimates, manifest.sample_rate)
    return scores
