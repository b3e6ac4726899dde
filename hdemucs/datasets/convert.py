"""Convert one track of the user's own, from any sound files, to MUSDB's layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from hdemucs import audio
from hdemucs.config.data import OwnConfig
from hdemucs.data.manifest import MIXTURE, Split
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import Finding
from hdemucs.errors import UserError
from hdemucs.formats import channels
from hdemucs.formats.discover import files
from hdemucs.formats.sound import Sound, opened
from hdemucs.names import chosen, normal

Signal = Float32[np.ndarray, "channel sample"]
AnyLength = Float32[np.ndarray, "channel _"]

BITS = 24  # so that converting loses nothing audible
CEILING = 1 - 2**-15


@dataclass(frozen=True)
class Job:
    """One track to convert."""

    root: Path
    name: str  # of its folder
    split: Split
    own: OwnConfig
    expected: Expected


def folder_of(split: Split) -> str:
    """MUSDB's folder for a split: validation tracks are in train/."""
    return "test" if split == "test" else "train"


@dataclass(frozen=True)
class Converted:
    """The result of converting a track."""

    errors: tuple[Finding, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()  # (path below the root, what the user should know)


def convert(target: Path, job: Job) -> Converted:
    """Write a track's stems and mixture below `target`, or say why it was not done."""
    notes: list[tuple[str, str]] = []
    try:
        stems = dict(sources(job, notes))
        write(target / folder_of(job.split) / normal(job.name), stems, job)
    except UserError as refusal:
        return Converted((Finding.of(job.root, job.name, refusal),))
    return Converted(notes=tuple(notes))


def sources(job: Job, notes: list[tuple[str, str]]) -> Iterator[tuple[str, Signal]]:
    """Each source, and the mixture if it has files, with the study's rate and channels.

    Raises:
        UserError: the policies do not allow a file, or it cannot be used.
    """
    used: dict[Path, str] = {}
    for name, patterns in job.own.stems.items():
        paths = matching(job.root / job.name, patterns)
        for path in paths:
            other = used.setdefault(path, name)
            if other != name:
                problem = f"is matched by the patterns of {other} and of {name}"
                raise UserError(path, problem, "make the patterns match different files")
        if paths:
            yield name, added([signal(path, job, notes) for path in paths], paths, job)
        elif name != MIXTURE and job.own.missing == "refuse":
            problem = f"has no file for {name} ({', '.join(patterns)})"
            cure = "add one, correct the patterns, or set `missing: silence`"
            raise UserError(job.root / job.name, problem, cure)


def matching(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Files in a folder and its subfolders that match patterns in any case, by path in it."""
    paths = list(files(folder))
    names = [str(path.relative_to(folder)).lower() for path in paths]
    found = {name for pattern in patterns for name in chosen(pattern.lower(), names)}
    return [path for path, name in zip(paths, names, strict=True) if name in found]


def signal(path: Path, job: Job, notes: list[tuple[str, str]]) -> Signal:
    """One file's samples [channel, sample], with the study's rate and channels.

    Raises:
        UserError: it cannot be read, contains NaN, or the policies do not allow it.
    """
    with opened(path) as sound:
        x = with_channels(sound, job)
        told = (*sound.notes, channels.said(sound.channels, job.expected.channels))
        notes += [(str(path.relative_to(job.root)), note) for note in told if note]
    if sound.rate == job.expected.rate:
        return x
    if job.own.sample_rate == "refuse":
        problem = f"has a sample rate of {sound.rate} Hz where {job.expected.rate} is expected"
        raise UserError(path, problem, "resample it or set `sample_rate: convert`")
    return resampled(x, sound.rate, job.expected.rate)


def with_channels(sound: Sound, job: Job) -> Signal:
    """All samples of a file, with the study's channels."""
    wanted = job.expected.channels
    if sound.channels != wanted and job.own.channels == "refuse":
        problem = f"has {sound.channels} channels where {wanted} are expected"
        raise UserError(sound.path, problem, "convert it or set `channels: convert`")
    return channels.converted(sound.path, sound.read(), wanted, sound.wav.mask)


def resampled(x: Signal, old: int, new: int) -> Float32[np.ndarray, "channel resampled"]:
    """Resample by julius, as the official package does (a sinc of 24 zero crossings)."""
    import torch  # takes seconds to import, and most data sets need no resampling
    from julius.resample import resample_frac

    return resample_frac(torch.from_numpy(x), old, new).numpy()


def added(signals: list[AnyLength], paths: list[Path], job: Job) -> Signal:
    """The sum of a source's files; shorter ones are padded with silence."""
    return total(aligned(dict(zip(paths, signals, strict=True)), job))


def total(signals: Sequence[Signal]) -> Signal:
    """The sum of signals."""
    return np.add.reduce(np.stack(signals), axis=0)


def aligned(signals: dict[Path, AnyLength], job: Job) -> list[Signal]:
    """The signals, padded to the length of the longest.

    Raises:
        UserError: lengths differ, and the policy does not allow it.
    """
    longest = max(x.shape[-1] for x in signals.values())
    for path, x in signals.items():
        if x.shape[-1] != longest and job.own.lengths == "refuse":
            problem = f"is {x.shape[-1]} samples long where the track's longest is {longest}"
            raise UserError(path, problem, "export it again or set `lengths: convert`")
    return [np.pad(x, ((0, 0), (0, longest - x.shape[-1]))) for x in signals.values()]


def write(folder: Path, stems: dict[str, AnyLength], job: Job) -> None:
    """Write the stems and the mixture, all with the same gain if one would clip.

    Raises:
        UserError: the track is empty or the disk is full.
    """
    origin = job.root / job.name
    if not stems:
        raise UserError(origin, "has no file that a pattern matches", "correct `stems`")
    names = list(stems)
    signals = dict(zip(names, aligned({origin / n: x for n, x in stems.items()}, job), strict=True))
    silence = np.zeros_like(signals[names[0]])
    written = {source: signals.get(source, silence) for source in job.expected.sources}
    written[MIXTURE] = signals.get(MIXTURE, total(list(written.values())))
    peak = max(float(np.abs(x).max()) for x in written.values())
    gain = np.float32(min(1.0, CEILING / peak) if peak else 1.0)
    for name, x in written.items():
        audio.write(folder / f"{name}.wav", gain * x, job.expected.rate, BITS)
