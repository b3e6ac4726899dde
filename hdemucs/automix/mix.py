"""Make a data set of mixes, in MUSDB's layout, from the training songs of another data set.

It follows the official `tools/automix.py` (facebookresearch/demucs).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from hdemucs.audio import write
from hdemucs.automix.harmony import histogram
from hdemucs.automix.match import Fit, Song, fit, shift
from hdemucs.automix.rhythm import beats, onsets, tempo
from hdemucs.automix.stretch import stretched
from hdemucs.automix.work import PARTIAL, Mix, Work
from hdemucs.config.automix import AutomixConfig
from hdemucs.data.manifest import MIXTURE, Manifest, Track
from hdemucs.data.segments import song
from hdemucs.datasets.examine import examine
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import refused
from hdemucs.errors import UserError
from hdemucs.workers import mapped

Signal = Float[np.ndarray, "channel sample"]
Stems = dict[str, Signal]
T = TypeVar("T")

NEAR_SILENCE = 0.01  # share of the mixture's standard deviation
DRUMS, BASS = "drums", "bass"
SPACE = 1.01  # factor over a mixture's peak


@dataclass(frozen=True)
class Studio:
    """Everything that a mix is made from."""

    root: Path
    manifest: Manifest
    config: AutomixConfig
    work: Work
    songs: tuple[Song, ...]  # those with a beat and notes


def automix(
    root: Path, manifest: Manifest, out: Path, config: AutomixConfig, jobs: int
) -> tuple[Track, ...]:
    """Write `out`/train/<Automix - ...>/{mixture,drums,bass,other,vocals}.wav; return the tracks.

    Songs without drums or bass are copied unchanged. If no song fits, the reference's own stem is
    used, and the number of such cases is printed. The result depends on the data and the
    configuration only, not on `jobs` or on interruptions: what exists already is not made again.

    Raises:
        UserError: fewer than two songs can be mixed, no song fits another, a file is damaged, the
            disk is full.
    """
    work, tracks = Work(out), manifest.split("train")
    new = [track for track in tracks if not work.heard(track.name).exists()]
    done(partial(hear, work, root, manifest), new, len(tracks), jobs, "listening to songs")
    listened = [work.song(track.name) for track in tracks]
    songs = tuple(known for known in listened if known is not None)
    if len(songs) < 2:  # noqa: PLR2004  a mix needs two songs or more
        raise UserError(manifest.name, f"has {len(songs)} songs with a beat", "automix needs two")
    if not any(fit(one, other, config) for one, other in permutations(songs, 2)):
        problem = "has no two songs that fit each other: each mix would be a song as it is"
        raise UserError(manifest.name, problem, "raise automix.mixes.max_tempo or max_pitch")
    studio = Studio(root, manifest, config, work, songs)
    places: list[tuple[str, int]] = []
    for track, known in zip(tracks, listened, strict=True):
        count = config.plain_copies if known is None else config.copies
        places += [(track.name, copy) for copy in range(count)]
    unmade = [place for place in places if not work.made(name_of(place))]
    done(partial(make, studio), unmade, len(places), jobs, "mixing songs")
    mixes = [work.mix(name) for name in sorted(map(name_of, places))]
    own = sum(mix.own for mix in mixes)
    if own:
        drawn = config.copies * len(songs) * (len(manifest.sources) - 1)
        sys.stderr.write(f"{own} of {drawn} stems stay the song's own, as no other song fits it\n")
    return tuple(mix.track for mix in mixes)


def done(work: Callable[[T], None], items: Sequence[T], total: int, jobs: int, label: str) -> None:
    """Do the remaining items of work on all cores that may be used."""
    if len(items) < total:
        sys.stderr.write(f"{label}: {total - len(items)} of {total} are there\n")
    if items:
        mapped(work, items, jobs, label)


def name_of(place: tuple[str, int]) -> str:
    """The name of a mix, from a song and the number of the copy."""
    return f"Automix {place[1] + 1} - {place[0]}"


def hear(work: Work, root: Path, manifest: Manifest, track: Track) -> None:
    work.keep_song(track.name, listen(root, manifest, track))


def listen(root: Path, manifest: Manifest, track: Track) -> Song | None:
    """Tempo, beats and keys of a song; None if its drums or bass do not show them."""
    mixture, stems = song(root, manifest, track)
    start = beginning(mixture.numpy())
    signals = dict(zip(manifest.sources, stems.numpy()[..., start:].mean(1), strict=True))
    drums, bass = signals[DRUMS], signals[BASS]
    if drums.std() <= NEAR_SILENCE * mixture.numpy().std() or not bass.any():
        return None
    rate = manifest.sample_rate
    envelope = onsets(drums, rate)
    bpm = tempo(envelope, rate)
    found = tuple(beats(envelope, rate, bpm).tolist())
    return Song(track.name, start, bpm, found, histogram(bass, rate)) if found else None


def beginning(mixture: Signal) -> int:
    """The first sample that is not nearly silent."""
    audible = np.abs(mixture).max(0) >= NEAR_SILENCE * mixture.std()
    return int(audible.argmax())


def make(studio: Studio, place: tuple[str, int]) -> None:
    """Write mix number `copy` for a song, with its record.

    Raises:
        UserError: the disk is full, or a mix could not be trained on.
    """
    name, copy = place
    reference = next((known for known in studio.songs if known.name == name), None)
    own = 0
    if reference is None:
        stems = read(studio, name, 0)
    else:
        stems, own = mixed(studio, reference, copy)
    peak = np.abs(sum(stems.values())).max()
    loudest = max(peak, *(np.abs(stem).max() for stem in stems.values()))
    mix, manifest = name_of(place), studio.manifest
    folder = studio.work.draft(mix)
    stems = {source: stem / max(1.0, SPACE * loudest) for source, stem in stems.items()}
    for source, signal in {**stems, MIXTURE: total(stems)}.items():
        write(folder / f"{source}.wav", signal.astype(np.float32), manifest.sample_rate)
    expected = Expected(manifest.sources, manifest.sample_rate, manifest.channels)
    root = studio.work.folder / PARTIAL
    found = examine(root, f"train/{mix}", "train", expected)
    refused(root, found.errors)
    if found.track is not None:
        studio.work.keep_mix(mix, Mix(own=own, track=found.track))


def total(stems: Stems) -> Signal:
    """The sum of stems as stored on disk: 16-bit integers are added without rounding."""
    steps = [np.rint(stem.astype(np.float64) * 2**15) for stem in stems.values()]
    return np.asarray(sum(steps) / 2**15)


def mixed(studio: Studio, reference: Song, copy: int) -> tuple[Stems, int]:
    """Mix one stem of the reference with the others from songs that fit it, all of one length.

    Returns the stems, and how many of them are the reference's own.
    """
    index = studio.songs.index(reference)
    generator = np.random.default_rng([studio.config.seed, index, copy])
    sources = list(studio.manifest.sources)
    order = [sources[place] for place in generator.permutation(len(sources))]
    stems = {order[0]: read(studio, reference.name, reference.start)[order[0]]}
    fits = {source: chosen(studio, reference, generator) for source in order[1:]}
    for source, fitted in fits.items():
        stems[source] = joined(studio, reference, fitted, source)
    length = min(stem.shape[-1] for stem in stems.values())
    own = sum(fitted.song.name == reference.name for fitted in fits.values())
    return {source: stems[source][:, :length] for source in sources}, own


def chosen(studio: Studio, reference: Song, generator: np.random.Generator) -> Fit:
    """A random song that fits; the reference itself if no other does."""
    for place in generator.permutation(len(studio.songs)):
        other = studio.songs[place]
        if other.name != reference.name and (fitted := fit(reference, other, studio.config)):
            return fitted
    return Fit(reference, 1.0, 0)


def joined(studio: Studio, reference: Song, fitted: Fit, source: str) -> Signal:
    """The other song's stem in the reference's tempo and key, with its beats aligned."""
    rate = studio.manifest.sample_rate
    stem = read(studio, fitted.song.name, fitted.song.start)[source]
    moved = stretched(stem, rate, fitted.semitones, fitted.speed)
    later = round(shift(reference, fitted, studio.config) * rate)
    return np.pad(moved, ((0, 0), (later, 0))) if later > 0 else moved[:, -later:]


def read(studio: Studio, name: str, start: int) -> Stems:
    tracks: Sequence[Track] = studio.manifest.tracks
    track = next(track for track in tracks if track.name == name)
    _, stems = song(studio.root, studio.manifest, track)
    return dict(zip(studio.manifest.sources, stems.numpy()[..., start:], strict=True))
