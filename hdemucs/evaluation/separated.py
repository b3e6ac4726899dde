"""Scores of the test tracks, worked out while the next ones are separated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from hdemucs.audio import Signal
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.data.manifest import Manifest, Track
from hdemucs.evaluation.pictures import save_pictures, shown
from hdemucs.evaluation.score import score_track
from hdemucs.evaluation.tracks import read_mixture, read_stems
from hdemucs.metrics.museval_json import TrackScores
from hdemucs.progress import track as progress

Separate = Callable[[str, Signal], Mapping[str, Signal]]  # a track's name and mixture -> estimates


def score_separated(
    manifest: Manifest,
    root: Path,
    separate: Separate,
    config: MetricsConfig,
    pictures: Path,
    jobs: int = 1,
) -> list[TrackScores]:
    """Every test track's scores; `pictures` gets the spectrograms that reports show.

    Tracks are separated one after the other and scored beside that, `jobs` at once: numpy and torch
    let go of the interpreter where they work.

    Raises:
        UserError: a file is missing or damaged, or an estimate cannot be scored.
    """
    tracks = manifest.split("test")

    def score(track: Track, estimates: Mapping[str, Signal]) -> TrackScores:
        stems = read_stems(root, track, manifest.sources)
        return score_track(track.name, stems, estimates, manifest.sample_rate, config)

    waiting: list[Future[TrackScores]] = []
    with ThreadPoolExecutor(jobs) as pool:
        for place, track in enumerate(progress(tracks, pictures.parent.name, unit="tracks")):
            estimates = separate(track.name, read_mixture(root, track))
            if track.name == shown(tracks):
                save_pictures(pictures, estimates, manifest.sample_rate)
            waiting.append(pool.submit(score, track, estimates))
            if place >= jobs:  # no more songs in memory than are worked on
                waiting[place - jobs].result()
        return [future.result() for future in waiting]
