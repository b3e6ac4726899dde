"""Any estimates, as sound files in MUSDB18's layout.

Estimates are <estimates>/[test/]<track>/<source>.wav, or another sound format; references are
<references>/[test/]<track>/<source>.wav.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hdemucs import audio
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.data.manifest import MIXTURE
from hdemucs.errors import UserError
from hdemucs.evaluation.score import score_track
from hdemucs.formats.discover import hidden, is_sound
from hdemucs.formats.sound import opened
from hdemucs.metrics.museval_json import TrackScores
from hdemucs.names import apart, normal
from hdemucs.workers import mapped

SUBSET = "test"
USUAL = ("drums", "bass", "other", "vocals")  # the order in published tables
NAMED = 3  # missing tracks that an error names


@dataclass(frozen=True)
class Pair:
    """The two folders of one track."""

    track: str
    references: Path
    estimates: Path


@dataclass(frozen=True)
class Scores:
    """Scores one track in a process of its own."""

    sources: tuple[str, ...]
    config: MetricsConfig

    def __call__(self, pair: Pair) -> TrackScores:
        torch.set_num_threads(1)  # one process per track is faster than several threads within one
        references = {s: sound(pair.references, s, "reference") for s in self.sources}
        estimates = {s: sound(pair.estimates, s, "estimate") for s in self.sources}
        (rate, known), (_, given) = heard(references), heard(estimates, references)
        return score_track(pair.track, known, given, rate, self.config)


def heard(
    paths: dict[str, Path], like: dict[str, Path] | None = None
) -> tuple[int, dict[str, audio.Signal]]:
    """Read the signals of these files, by source, and their sample rate.

    Raises:
        UserError: a file cannot be read, or its rate differs from that of the first file in `like`.
    """
    first = next(iter((like or paths).values()))
    with opened(first) as sound:
        wanted = sound.rate
    signals = {}
    for source, path in paths.items():
        signals[source], rate = audio.load(path)
        if rate != wanted:
            problem = f"has a sample rate of {rate} Hz where {first} has {wanted}"
            raise UserError(path, problem, "resample it, or supply it at the reference's rate")
    return wanted, signals


@dataclass(frozen=True)
class Coverage:
    """The tracks of the references that have estimates, and those that do not."""

    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]  # tracks of the references without estimates

    @property
    def said(self) -> str:
        """Such as "48 of 50 tracks"."""
        return f"{len(self.pairs)} of {len(self.pairs) + len(self.missing)} tracks"


def score_folder(
    coverage: Coverage, sources: Sequence[str], config: MetricsConfig, jobs: int
) -> list[TrackScores]:
    """The scores of every track that has estimates.

    Raises:
        UserError: a file is missing or damaged, or cannot be scored.
    """
    return mapped(Scores(tuple(sources), config), coverage.pairs, jobs, "scoring")


def covered(references: Path, estimates: Path, *, partial: bool = False) -> Coverage:
    """Pair each estimated track with its reference, by name.

    Missing tracks are refused unless `partial` is true, because a median over fewer tracks is the
    number of another test set.

    Raises:
        UserError: there is no track, one has no reference, or not all have estimates.
    """
    theirs, known = tracks_in(estimates), tracks_in(references)
    if not theirs:
        cure = "put each track's sources into <folder>/[test/]<track>/<source>.wav"
        raise UserError(estimates, "holds no tracks", cure)
    for name, folder in theirs.items():
        if name not in known:
            cure = "name the folders after the references' tracks"
            raise UserError(folder, f"is no track of {references}", cure)
    pairs = tuple(Pair(name, known[name], folder) for name, folder in theirs.items())
    found = Coverage(pairs, tuple(name for name in known if name not in theirs))
    if found.missing and not partial:
        shown = ", ".join(found.missing[:NAMED]) + (", ..." if len(found.missing) > NAMED else "")
        cure = "supply them, or say --partial: scores of some tracks are no scores of all"
        raise UserError(estimates, f"has {found.said}; missing: {shown}", cure)
    return found


def tracks_in(root: Path) -> dict[str, Path]:
    """Folders that contain sound files, by the track's name."""
    inside = root / SUBSET if (root / SUBSET).is_dir() else root
    folders = sorted(inside.iterdir()) if inside.is_dir() else []
    tracks = [
        folder
        for folder in folders
        if folder.is_dir() and not hidden(Path(folder.name)) and any(stems_in(folder))
    ]
    apart([folder.name for folder in tracks], "track")
    return {normal(folder.name): folder for folder in tracks}


def stems_in(folder: Path) -> list[Path]:
    """The sound files in a folder."""
    return [p for p in sorted(folder.iterdir()) if is_sound(p) and not hidden(Path(p.name))]


def sources_in(root: Path) -> tuple[str, ...]:
    """The stems that every track of a folder has, without the mixture.

    Raises:
        UserError: no stem is in all tracks.
    """
    tracks = tracks_in(root).values()
    held = [{normal(path.stem) for path in stems_in(track)} for track in tracks]
    common = set.intersection(*held) - {MIXTURE} if held else set()
    if not common:
        cure = "put stems of the same names into <folder>/[test/]<track>/, or name them: --sources"
        raise UserError(root, "holds no source that all tracks have", cure)
    usual = {name: place for place, name in enumerate(USUAL)}
    return tuple(sorted(common, key=lambda name: (usual.get(name, len(usual)), name)))


def sound(folder: Path, source: str, what: str) -> Path:
    """The sound file of one source.

    Raises:
        UserError: there is no file, or more than one.
    """
    found = [path for path in stems_in(folder) if normal(path.stem) == normal(source)]
    if len(found) > 1:
        problem = f"has {' and '.join(path.name for path in found)} as {what} of {source}"
        raise UserError(folder, problem, "keep one of them")
    if not found:
        problem = f"is missing: {what} of {source} of {folder.name}"
        raise UserError(folder / f"{source}.wav", problem, "supply one file for every source")
    return found[0]
