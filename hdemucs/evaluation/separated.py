"""Score the test tracks while the next ones are separated."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hdemucs.audio import Signal
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.data.manifest import Manifest, Track
from hdemucs.data.stems import read_stems
from hdemucs.evaluation.pictures import save_pictures, shown
from hdemucs.evaluation.score import score_track
from hdemucs.evaluation.tracks import read_mixture
from hdemucs.files import replacing
from hdemucs.metrics.museval_json import TrackScores, load, save
from hdemucs.progress import track as progress

PICTURES = "pictures.png"  # in the folder of stored results

# The name and mixture of each track in turn -> its estimates.
Separate = Callable[[Iterable[tuple[str, Signal]]], Generator[Mapping[str, Signal], None, None]]


@dataclass(frozen=True)
class Keep:
    """Where results are stored while they are computed."""

    pictures: Path  # of the spectrograms that reports show
    folder: Path | None = None  # each track's scores, so that a killed process can be resumed

    def path(self, track: Track) -> Path | None:
        return self.folder and self.folder / f"{track.name}.json"

    def has(self, track: Track) -> bool:
        path = self.path(track)
        return path is not None and path.exists()

    @property
    def drawn(self) -> Path:
        return self.folder / PICTURES if self.folder else self.pictures

    def finished(self, made: list[TrackScores], tracks: Sequence[Track]) -> list[TrackScores]:
        """All tracks' scores from an earlier process, if they are complete."""
        if self.folder is None:
            return made
        with replacing(self.pictures) as temporary:
            shutil.copyfile(self.drawn, temporary)
        return [load(self.folder / f"{track.name}.json") for track in tracks]


def score_separated(
    manifest: Manifest,
    root: Path,
    separate: Separate,
    config: MetricsConfig,
    keep: Keep,
    jobs: int = 1,
) -> list[TrackScores]:
    """Separate and score every test track.

    `jobs` tracks are scored at the same time, while `separate` makes the next ones: numpy and torch
    release the interpreter's lock. What `keep` already has is not computed again.

    Raises:
        UserError: a file is missing or damaged, or an estimate cannot be scored.
    """
    tracks = manifest.split("test")

    def score(track: Track, estimates: Mapping[str, Signal]) -> TrackScores:
        stems = read_stems(root, track, manifest.sources)
        scores = score_track(track.name, stems, estimates, manifest.sample_rate, config)
        if path := keep.path(track):
            save(scores, path)
        return scores

    todo = [track for track in tracks if not keep.has(track)]
    waiting: list[Future[TrackScores]] = []
    mixtures = ((track.name, read_mixture(root, track)) for track in todo)
    seen = progress(todo, keep.pictures.parent.name, unit="tracks")
    with ThreadPoolExecutor(jobs) as pool, closing(separate(mixtures)) as separated:
        for place, (track, estimates) in enumerate(zip(seen, separated, strict=True)):
            if track.name == shown(tracks):
                save_pictures(keep.drawn, estimates, manifest.sample_rate)
            waiting.append(pool.submit(score, track, estimates))
            if place >= jobs:  # so no more songs are in memory than are worked on
                waiting[place - jobs].result()
        made = [future.result() for future in waiting]
    return keep.finished(made, tracks)
