"""Other groups' systems as rows of the tables, from their estimates or their museval scores.

Tracks are matched by name, with either encoding of accents. A missing track or source has no score
(NaN) and is not counted; tables say how many tracks a number is from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hdemucs import audio
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.data.manifest import Manifest
from hdemucs.errors import UserError
from hdemucs.evaluation.folders import Coverage, Pair, score_folder, sound, tracks_in
from hdemucs.evaluation.systems import load_system
from hdemucs.metrics.museval_json import FRAMEWISE, SourceScores, TrackScores
from hdemucs.names import normal

NOTHING = SourceScores({metric: np.array([np.nan]) for metric in FRAMEWISE})


def given_scores(folder: Path, manifest: Manifest, config: MetricsConfig) -> list[TrackScores]:
    """Read the test tracks' scores from a folder of museval's JSON, `[test/]<track>.json[.gz]`.

    Raises:
        UserError: a file is damaged, none is of a test track, or its frames differ from ours.
    """
    theirs = {normal(track.track): track for track in load_system(folder).tracks}
    found = {name: theirs[normal(name)] for name in names(manifest) if normal(name) in theirs}
    if not found:
        cure = "name its files after the test tracks: <folder>/[test/]<track>.json"
        raise UserError(folder, "has scores of no test track", cure)
    for track in found.values():
        if (track.window, track.hop) != (config.window, config.hop) and len(frames_of(track)) > 1:
            problem = f"has windows of {track.window:g} s every {track.hop:g} s"
            cure = f"score it with {config.window:g} s every {config.hop:g} s"
            raise UserError(folder / f"{track.track}.json", problem, cure)
    return [complete(name, found.get(name), manifest, config) for name in names(manifest)]


def given_estimates(
    folder: Path, root: Path, manifest: Manifest, config: MetricsConfig, jobs: int
) -> list[TrackScores]:
    """Score the test tracks from sound files, `[test/]<track>/<source>.wav` or another format.

    Raises:
        UserError: no test track is there, or a file is missing, damaged or too short.
    """
    theirs = tracks_in(folder)
    pairs = tuple(
        Pair(track.name, (root / track.files[manifest.sources[0]].path).parent, theirs[name])
        for track in manifest.split("test")
        if (name := normal(track.name)) in theirs
    )
    if not pairs:
        cure = "put each track's sources into <folder>/[test/]<track>/<source>.wav"
        raise UserError(folder, "has estimates of no test track", cure)
    scored = score_folder(Coverage(pairs, ()), manifest.sources, config, jobs)
    found = {pair.track: track for pair, track in zip(pairs, scored, strict=True)}
    return [complete(name, found.get(name), manifest, config) for name in names(manifest)]


def estimates_of(folder: Path, track: str, sources: Iterable[str]) -> dict[str, audio.Signal]:
    """Read one track's estimates from sound files, by source.

    Raises:
        UserError: a file is missing.
    """
    place = tracks_in(folder).get(normal(track))
    if place is None:
        raise UserError(folder, f"has no estimates of {track}", "supply them, or pick other tracks")
    return {source: audio.load(sound(place, source, "estimate"))[0] for source in sources}


def names(manifest: Manifest) -> list[str]:
    return [track.name for track in manifest.split("test")]


def frames_of(track: TrackScores) -> np.ndarray:
    return next(iter(track.sources.values())).frames["SDR"]


def complete(
    name: str, track: TrackScores | None, manifest: Manifest, config: MetricsConfig
) -> TrackScores:
    """A track with all of the data's sources; those that are missing have no score."""
    theirs: Mapping[str, SourceScores] = track.sources if track else {}
    sources = {source: theirs.get(source, NOTHING) for source in manifest.sources}
    if track is None:
        return TrackScores(name, config.window, config.hop, sources)
    count = len(frames_of(track))
    nothing = SourceScores({metric: np.full(count, np.nan) for metric in FRAMEWISE})
    sources = {source: theirs.get(source, nothing) for source in manifest.sources}
    return replace(track, track=name, window=config.window, hop=config.hop, sources=sources)


def missing(folder: Path, manifest: Manifest, *, sound_files: bool) -> tuple[str, ...]:
    """The test tracks for which a folder has nothing."""
    if sound_files:
        there = set(tracks_in(folder))
    else:
        there = {normal(track.track) for track in load_system(folder).tracks}
    return tuple(name for name in names(manifest) if normal(name) not in there)
