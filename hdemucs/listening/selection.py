"""Choose excerpts by rule: criteria of activity, then a seeded draw, over strata of difficulty.

The choice needs no listening and no model. A window's draw depends on seed, track and source only,
so other tracks or systems do not change it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from hdemucs.audio import Signal
from hdemucs.config.listening import ExcerptsConfig
from hdemucs.data.manifest import Manifest
from hdemucs.data.stems import read_stems
from hdemucs.errors import UserError
from hdemucs.listening.excerpts import Excerpt, Excerpts, Rejection, excerpt_id
from hdemucs.loudness import BLOCK, HOP, Blocks, gated, lufs, mean_lufs, momentary_power

Stems = Mapping[str, Signal]  # by source
Reader = Callable[[str], Stems]  # reads a track's stems, by its name
Flags = Bool[np.ndarray, "window"]
Shares = Float[np.ndarray, "window"]


@dataclass(frozen=True)
class Song:
    """Momentary loudness of a track, on which the rules are based."""

    name: str
    frames: int
    power: Mapping[str, Blocks]  # by source
    mixture: Blocks


@dataclass(frozen=True)
class Choice:
    """The window drawn from one track for one source, before tracks are drawn."""

    excerpt: Excerpt
    order: str  # the track's rank in the draw among tracks


def measure(name: str, stems: Stems, rate: int) -> Song:
    """Momentary loudness of every stem and of their sum, from [channel, sample] each."""
    mixture = np.sum(list(stems.values()), axis=0)
    power = {source: momentary_power(stem, rate) for source, stem in stems.items()}
    return Song(name, mixture.shape[1], power, momentary_power(mixture, rate))


def select_from(config: ExcerptsConfig, manifest: Manifest, root: Path) -> Excerpts:
    """Choose the excerpts of the data set at `root`; listeners train on validation songs, if any.

    Raises:
        UserError: a source has no excerpt at all.
    """
    tracks = {track.name: track for track in manifest.tracks}
    test = [track.name for track in manifest.split("test")]
    train = [track.name for track in manifest.split("valid") or manifest.split("train")]
    if not test:
        raise UserError("data/manifest.json", "has no test tracks", "fetch data with some")
    check_lengths(config, manifest)

    def read(name: str) -> Stems:
        return read_stems(root, tracks[name], manifest.sources)

    return select(config, manifest.sample_rate, test, train, read)


def check_lengths(config: ExcerptsConfig, manifest: Manifest) -> None:
    """Refuse data whose test tracks are all shorter than an excerpt.

    Raises:
        UserError: they are.
    """
    longest = max((track.seconds for track in manifest.split("test")), default=0.0)
    if longest < config.seconds + 2 * config.margin:
        problem = (
            f"with {config.margin:g} s before and after it, is longer than every test track: "
            f"the longest has {longest:g} s"
        )
        raise UserError(f"excerpts.seconds={config.seconds:g}", problem, "lower it")


def select(
    config: ExcerptsConfig, rate: int, test: Sequence[str], train: Sequence[str], read: Reader
) -> Excerpts:
    """Choose excerpts of the tracks in `test`, and one per source of the tracks in `train`.

    Raises:
        UserError: a source has no excerpt at all.
    """
    songs = [measure(name, read(name), rate) for name in sorted(test)]
    sources = tuple(songs[0].power)
    draws = [draw(config, rate, song, source) for source in sources for song in songs]
    notes: list[str] = []
    chosen = tuple(
        excerpt
        for source in sources
        for excerpt in spread(config, source, choices(draws, source), notes)
    )
    return Excerpts(
        rate=rate,
        sources=sources,
        excerpts=chosen,
        training=training(config, rate, sources, train, read),
        rejections=tuple(d for d in draws if isinstance(d, Rejection)),
        notes=tuple(notes),
    )


def choices(draws: Sequence[Choice | Rejection], source: str) -> list[Choice]:
    return [d for d in draws if isinstance(d, Choice) and d.excerpt.source == source]


def training(
    config: ExcerptsConfig, rate: int, sources: Sequence[str], names: Sequence[str], read: Reader
) -> tuple[Excerpt, ...]:
    """One training excerpt per source, from the first track, in hash order, that has one."""
    found: dict[str, Excerpt] = {}
    for name in sorted(names, key=lambda name: digest(config.seed, name, "training")):
        missing = [source for source in sources if source not in found]
        if not missing:
            break
        song = measure(name, read(name), rate)
        for source in missing:
            drawn = draw(config, rate, song, source)
            if isinstance(drawn, Choice):
                found[source] = drawn.excerpt
    return tuple(found[source] for source in sources if source in found)


def draw(config: ExcerptsConfig, rate: int, song: Song, source: str) -> Choice | Rejection:
    """Draw one of the windows of `song` that pass, by a hash of seed, track and source."""
    frames = round(config.seconds * rate)
    starts = window_starts(config, rate, song.frames)
    active = {name: activity(config, rate, power, starts) for name, power in song.power.items()}
    near = within(config, rate, song, source, starts)
    for share in (config.activity.share, config.activity.relaxed_share):
        others = [active[name] >= share for name in active if name != source]
        heard = (active[source] >= config.activity.share) & np.all(others, axis=0) & near
        passing = np.flatnonzero(heard)
        if len(passing):
            break
    else:
        reason = "no window passes the gates" if len(starts) else "shorter than one window"
        return Rejection(track=song.name, source=source, windows=len(starts), reason=reason)
    order = digest(config.seed, song.name, source)
    pick = int(passing[int(order, 16) % len(passing)])
    excerpt = Excerpt(
        id=excerpt_id(song.name, source),
        track=song.name,
        source=source,
        start=starts[pick],
        frames=frames,
        difficulty=difficulty(song, source, block_slice(starts[pick], frames, rate)),
        stratum=0,
        activity={name: round(float(share[pick]), 3) for name, share in active.items()},
        loudness=loudnesses(song, block_slice(starts[pick], frames, rate)),
        candidates=len(passing),
        windows=len(starts),
        relaxed=share != config.activity.share,
    )
    return Choice(excerpt, order)


def digest(seed: int, track: str, source: str) -> str:
    """The hash of the draw, which depends on nothing else."""
    return hashlib.sha256(f"{seed}|{track}|{source}".encode()).hexdigest()


def window_starts(config: ExcerptsConfig, rate: int, frames: int) -> range:
    """First samples of all windows, not near the track's ends, on multiples of the loudness hop."""
    margin = round(config.margin * rate)
    last = frames - margin - round(config.seconds * rate)
    return range(margin, last + 1, round(config.hop * rate))


def block_slice(start: int, frames: int, rate: int) -> slice:
    """The loudness blocks inside samples [start, start + frames)."""
    hop, block = round(HOP * rate), round(BLOCK * rate)
    return slice(-(-start // hop), (start + frames - block) // hop + 1)


def activity(config: ExcerptsConfig, rate: int, power: Blocks, starts: range) -> Shares:
    """The share of blocks in each window in which a stem is audible."""
    threshold = max(config.activity.floor, gated(power) - config.activity.below_track)
    heard = lufs(power) > threshold
    frames = round(config.seconds * rate)
    shares = [heard[block_slice(start, frames, rate)].mean() for start in starts]
    return np.array(shares, dtype=np.float64)


def within(config: ExcerptsConfig, rate: int, song: Song, source: str, starts: range) -> Flags:
    """Whether the target is loud enough relative to the mixture in each window."""
    frames = round(config.seconds * rate)
    slices = [block_slice(start, frames, rate) for start in starts]
    target = np.array([mean_lufs(song.power[source][s]) for s in slices])
    mixture = np.array([mean_lufs(song.mixture[s]) for s in slices])
    return np.asarray(target >= mixture - config.activity.below_mixture, dtype=bool)


def difficulty(song: Song, source: str, blocks: slice) -> float:
    """LU of the target above the others' summed power; small values are hard for any system."""
    rest = np.sum([power[blocks] for name, power in song.power.items() if name != source], axis=0)
    return round(mean_lufs(song.power[source][blocks]) - mean_lufs(rest), 3)


def loudnesses(song: Song, blocks: slice) -> dict[str, float | None]:
    found = {name: gated(power[blocks]) for name, power in song.power.items()}
    found["mixture"] = gated(song.mixture[blocks])
    return {name: round(value, 2) if np.isfinite(value) else None for name, value in found.items()}


def spread(
    config: ExcerptsConfig, source: str, drawn: Sequence[Choice], notes: list[str]
) -> list[Excerpt]:
    """Choose `per_source` excerpts of a source, as equally as possible from strata of difficulty.

    Raises:
        UserError: there is no excerpt.
    """
    if not drawn:
        problem = f"no window of any test track is active and loud enough for {source}"
        raise UserError("excerpts.activity", problem, "lower share, relaxed_share or seconds")
    ranked = sorted(drawn, key=lambda choice: (choice.excerpt.difficulty, choice.order))
    strata: list[list[Choice]] = [[] for _ in range(config.strata)]
    for rank, choice in enumerate(ranked):
        stratum = rank * config.strata // len(ranked)
        excerpt = replace(choice.excerpt, stratum=stratum)
        strata[stratum].append(Choice(excerpt, choice.order))
    turns = sorted(
        (turn, choice.order, choice)
        for members in strata
        for turn, choice in enumerate(sorted(members, key=lambda choice: choice.order))
    )
    chosen = [choice.excerpt for _, _, choice in turns[: config.per_source]]
    notes += remarks(config, source, chosen)
    return sorted(chosen, key=lambda excerpt: excerpt.id)


def remarks(config: ExcerptsConfig, source: str, chosen: Sequence[Excerpt]) -> list[str]:
    """What readers must know about the material of one source."""
    relaxed = [excerpt.track for excerpt in chosen if excerpt.relaxed]
    said = [
        f"{source}: {track}: the other stems passed only the relaxed activity gate of "
        f"{config.activity.relaxed_share}"
        for track in relaxed
    ]
    if len(chosen) < config.per_source:
        said.append(f"{source}: {len(chosen)} excerpts where {config.per_source} were asked for")
    return said
