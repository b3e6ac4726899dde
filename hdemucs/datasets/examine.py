"""Examine one track in MUSDB's layout, reading every byte of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from hdemucs.data.manifest import MIXTURE, File, Split, Track
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.findings import Finding
from hdemucs.errors import UserError
from hdemucs.files import sha256
from hdemucs.formats.wav import Wav, open_wav
from hdemucs.loudness import BLOCK as GATED
from hdemucs.loudness import loudness
from hdemucs.names import normal

Signal = Float32[np.ndarray, "channel sample"]

SILENCE = -60.0  # dBFS RMS; a second with less does not count as active
BLOCK = 1 << 18  # samples whose squares are summed exactly in float64, for 16-bit audio


@dataclass(frozen=True)
class Examined:
    """A track's record, or the errors because of which it cannot be used."""

    track: Track | None
    errors: tuple[Finding, ...]


def examine(root: Path, folder: str, split: Split, expected: Expected) -> Examined:
    """Examine the track in `root`/`folder`, a name such as `train/Artist - Title`."""
    found: list[Finding] = []
    wavs: dict[str, Wav] = {}
    for name in (MIXTURE, *expected.sources):
        try:
            wavs[name] = checked(root / folder, name, expected)
        except (UserError, OSError) as error:
            found.append(Finding.of(root, f"{folder}/{name}.wav", error))
    found.extend(differing_lengths(folder, wavs))
    if found:
        return Examined(None, tuple(found))
    try:
        return measured(root, folder, split, wavs)
    except (UserError, OSError) as error:
        return Examined(None, (Finding.of(root, folder, error),))


def checked(folder: Path, name: str, expected: Expected) -> Wav:
    """A stem's file, after comparing its header with what is expected.

    Raises:
        UserError: it is missing, damaged, empty, or has another rate or number of channels.
    """
    path = folder / f"{name}.wav"
    if not path.exists():
        raise missing(path)
    wav = open_wav(path)
    if wav.rate != expected.rate:
        problem = f"has a sample rate of {wav.rate} Hz where {expected.rate} is expected"
        raise UserError(path, problem, "resample it, or use it as data of kind `own`")
    if wav.channels != expected.channels:
        names = {1: "mono", 2: "stereo"}
        is_, wanted = (names.get(n, f"{n} channels") for n in (wav.channels, expected.channels))
        cure = "convert it, or use it as data of kind `own`"
        raise UserError(path, f"is {is_} where {wanted} is expected", cure)
    if wav.frames == 0:
        raise UserError(path, "holds no audio", "replace the file")
    return wav


def missing(path: Path) -> UserError:
    """An error about a missing stem that names the file that was probably meant."""
    if path.is_symlink():
        return UserError(path, "is a link to a file that is not there", "restore the link's target")
    beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    for other in beside:
        if other.stem.lower().startswith(path.stem) and other.suffix.lower() != ".mp4":
            cure = f"rename {other.name!r}, or use it as data of kind `own`"
            return UserError(path, "is missing", cure)
    return UserError(path, "is missing", "put the file there or fetch the data again")


def differing_lengths(folder: str, wavs: dict[str, Wav]) -> list[Finding]:
    if MIXTURE not in wavs:
        return []
    frames = wavs[MIXTURE].frames
    return [
        Finding(
            f"{folder}/{name}.wav",
            f"is {wav.frames} samples long where the mixture is {frames}",
            "give all stems of a track the same length",
        )
        for name, wav in wavs.items()
        if wav.frames != frames
    ]


def measured(root: Path, folder: str, split: Split, wavs: dict[str, Wav]) -> Examined:
    """The record of a track whose headers are correct."""
    mixture = samples(wavs[MIXTURE])
    frames, rate = wavs[MIXTURE].frames, wavs[MIXTURE].rate
    mean, std = moments(mixture)
    if std == 0:
        broken = Finding(f"{folder}/{MIXTURE}.wav", "is silent or constant", "replace or remove it")
        return Examined(None, (broken,))
    files, rest = {MIXTURE: record(root, wavs[MIXTURE], mixture)}, mixture
    for source in sorted(wavs.keys() - {MIXTURE}):
        stem = samples(wavs[source])
        files[source] = record(root, wavs[source], stem)
        rest = rest - stem
    track = Track(
        name=normal(Path(folder).name),
        split=split,
        frames=frames,
        seconds=round(frames / rate, 3),
        mean=mean,
        std=std,
        residual=round(float(np.abs(rest).max()), 9),
        files={name: files[name] for name in wavs},
    )
    return Examined(track, ())


def samples(wav: Wav) -> Signal:
    """All samples of a file, from -1 to 1.

    Raises:
        UserError: it is truncated, or contains NaN or infinite samples.
    """
    signal = np.empty((wav.channels, wav.frames), np.float32)
    wav.read(0, signal)
    if not np.isfinite(signal).all():
        bad = int(np.argmin(np.isfinite(signal).all(axis=0)))
        problem = f"holds NaN or infinite samples, the first at {bad / wav.rate:.3f} s"
        raise UserError(wav.path, problem, "export the file again")
    return signal


def moments(signal: Signal) -> tuple[float, float]:
    """Mean and standard deviation (of a sample, as in torch) of the mono signal.

    The official demucs/wav.py uses the same. Sums over blocks are exact for 16-bit audio, and so is
    `fsum`; so the results are the same on every machine.
    """
    mono = signal.mean(axis=0, dtype=np.float64)
    blocks = [mono[start : start + BLOCK] for start in range(0, len(mono), BLOCK)]
    mean = math.fsum(float(block.sum()) for block in blocks) / len(mono)
    power = math.fsum(float(np.square(block).sum()) for block in blocks)
    variance = max(0.0, power - len(mono) * mean**2) / max(1, len(mono) - 1)
    return mean, math.sqrt(variance)


def record(root: Path, wav: Wav, signal: Signal) -> File:
    return File(
        path=str(wav.path.relative_to(root)),
        size=wav.path.stat().st_size,
        sha256=sha256(wav.path),
        peak=round(float(np.abs(signal).max()), 6),
        loudness=measured_loudness(signal, wav.rate),
        active=active(signal, wav.rate),
    )


def measured_loudness(signal: Signal, rate: int) -> float | None:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); None for silence or less than 0.4 s."""
    if signal.shape[-1] < math.ceil(GATED * rate):
        return None
    value = loudness(signal, rate)
    return round(value, 2) if math.isfinite(value) else None


def active(signal: Signal, rate: int) -> float:
    """Share of the whole seconds (or of a shorter signal) whose RMS is above -60 dBFS."""
    second = min(rate, signal.shape[-1])
    whole = signal[:, : signal.shape[-1] // second * second].reshape(len(signal), -1, second)
    power = np.square(whole, dtype=np.float64).mean(axis=(0, 2))
    return round(float((power > 10 ** (SILENCE / 10)).mean()), 4)
