"""Anybody's estimates, as sound files in MUSDB18's layout.

<estimates>/[test/]<track>/<source>.wav (or .flac), beside <references>/[test/]<track>/<source>.wav.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hdemucs import audio
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.score import score_track
from hdemucs.metrics.museval_json import TrackScores
from hdemucs.workers import mapped

SUFFIXES = (".wav", ".flac", ".aiff", ".aif")
SUBSET = "test"


@dataclass(frozen=True)
class Pair:
    """One track's folders."""

    track: str
    references: Path
    estimates: Path


@dataclass(frozen=True)
class Scores:
    """Work for one track."""

    sources: tuple[str, ...]
    config: MetricsConfig

    def __call__(self, pair: Pair) -> TrackScores:
        torch.set_num_threads(1)  # a process a track is faster than threads within one
        references = {s: sound(pair.references, s, "reference") for s in self.sources}
        estimates = {s: sound(pair.estimates, s, "estimate") for s in self.sources}
        rate = audio.inspect(references[self.sources[0]]).rate
        for path in (*references.values(), *estimates.values()):
            audio.check(path, audio.inspect(path), {"rate": rate})
        return score_track(
            pair.track,
            {source: audio.read(path) for source, path in references.items()},
            {source: audio.read(path) for source, path in estimates.items()},
            rate,
            self.config,
        )


def score_folder(
    references: Path,
    estimates: Path,
    sources: Sequence[str],
    config: MetricsConfig,
    jobs: int,
) -> list[TrackScores]:
    """The scores of every track that the estimates' folder has.

    Raises:
        UserError: a track or a file is missing or damaged, or cannot be scored.
    """
    pairs = paired(references, estimates)
    return mapped(Scores(tuple(sources), config), pairs, jobs, "scoring")


def paired(references: Path, estimates: Path) -> list[Pair]:
    """Each estimated track with its reference, by name; a track without one is refused."""
    theirs, known = tracks_in(estimates), tracks_in(references)
    if not theirs:
        cure = "put each track's sources into <folder>/[test/]<track>/<source>.wav"
        raise UserError(estimates, "holds no tracks", cure)
    for name, folder in theirs.items():
        if name not in known:
            cure = "name the folders after the references' tracks"
            raise UserError(folder, f"is no track of {references}", cure)
    return [Pair(name, known[name], folder) for name, folder in theirs.items()]


def tracks_in(root: Path) -> dict[str, Path]:
    """Folders with sound files, by track name."""
    inside = root / SUBSET if (root / SUBSET).is_dir() else root
    folders = sorted(inside.iterdir()) if inside.is_dir() else []
    return {
        folder.name: folder
        for folder in folders
        if folder.is_dir() and any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    }


def sound(folder: Path, source: str, what: str) -> Path:
    """The file of one source.

    Raises:
        UserError: there is none.
    """
    for suffix in SUFFIXES:
        if (path := folder / f"{source}{suffix}").exists():
            return path
    problem = f"is missing: {what} of {source} of {folder.name}"
    raise UserError(folder / f"{source}.wav", problem, "supply one file for every source")
