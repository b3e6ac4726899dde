"""A singing formant synthesiser: pulses and noise, filtered by the vocal tract with minimum phase.

Resonators are Klatt's (JASA 67, 1980), here computed as magnitudes on a grid of frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int

from hdemucs.corpus.articulation import HOP, Curves, Manner, Pen
from hdemucs.corpus.score import Syllable

Mono = Float[np.ndarray, " sample"]
Grid = Float[np.ndarray, " bin"]
Pulses = Float[np.ndarray, " pulse"]
Spectra = Float[np.ndarray, "frame bin"]

WINDOW = 0.0226  # least seconds of a pulse's response
UPPER = (3500.0, 4500.0)  # Hz: fourth and fifth formant of a man
WIDTHS = (70.0, 90.0, 130.0, 220.0, 300.0)  # Hz, of the five formants
JITTER, SHIMMER = 0.001, 0.025
ROUGH = (4500.0, 8500.0)  # Hz between which the voice changes from harmonics to noise
FLOOR = 1e-5
AUDIBLE = 1e-3  # amplitude relative to a vowel
VOWEL = 60.0  # square root of a vowel's power, to which noise is related
BATCH = 512  # frames that are computed together


@dataclass(frozen=True)
class Stretch:
    """Some frames of a line, and the vocal tract's magnitude in them."""

    frames: Int[np.ndarray, " frame"]
    curves: Curves
    how: Manner
    grid: Grid  # Hz
    envelope: Spectra

    @property
    def size(self) -> int:
        """The number of samples of a response."""
        return 2 * (len(self.grid) - 1)

    @property
    def rate(self) -> float:
        return float(2 * self.grid[-1])


def manner(voice: str, rng: np.random.Generator) -> Manner:
    """A random singer of the "female" or "male" kind."""
    tract = rng.uniform(1.12, 1.22) if voice == "female" else rng.uniform(0.94, 1.06)
    return Manner(
        tract=float(tract),
        vibrato=float(rng.uniform(4.8, 6.4)),
        depth=float(rng.uniform(20, 65)),
        scoop=float(rng.uniform(0, 1.5)),
        air=float(rng.uniform(-36, -24)),
        effort=float(rng.uniform(1800, 4500)),
        ring=float(rng.uniform(0, 8)),
    )


def sing(
    syllables: list[Syllable],
    how: Manner,
    span: tuple[int, int],
    rng: np.random.Generator,
) -> Mono:
    """The sung line: `span[0]` samples at `span[1]` Hz, mono, without effects."""
    length, rate = span
    if not syllables:
        return np.zeros(length)
    curves = Pen(length / rate, how, rng).line(syllables)
    size = 2 ** int(np.ceil(np.log2(WINDOW * rate)))
    out = np.zeros(length + 2 * size)
    grid = np.fft.rfftfreq(size, 1 / rate)
    active = np.flatnonzero((curves.voice > AUDIBLE) | (curves.noise[2] > AUDIBLE / 10))
    pulses = pulse_times(curves, rate, rng)
    for frames in (active[i : i + BATCH] for i in range(0, len(active), BATCH)):
        stretch = Stretch(frames, curves, how, grid, tract(curves, how, frames, grid))
        voiced(out, stretch, pulses, rng)
        noisy(out, stretch, rng)
    return out[size : size + length]


def tract(curves: Curves, how: Manner, frames: np.ndarray, grid: Grid) -> Spectra:
    """The magnitude of source and vocal tract together."""
    pitch = curves.pitch[frames, None]
    out = 1 / np.sqrt(1 + (grid / 180) ** 2) / np.sqrt(1 + (grid / how.effort) ** 2)
    out = np.repeat(out[None], len(frames), axis=0)
    first = np.maximum(curves.formants[0, frames, None], pitch)
    formants = [first, *(curves.formants[row, frames, None] for row in (1, 2))]
    formants += [np.full_like(first, hertz * how.tract) for hertz in UPPER]
    base = 11_000 * how.tract  # Hz, the rate of Klatt's resonators
    for formant, width in zip(formants, WIDTHS, strict=True):
        out *= resonance(formant, width * how.tract, grid, base)
    ring = 10 ** (how.ring / 20 * np.exp(-0.5 * ((grid - 2900 * how.tract) / 500) ** 2))
    lift = 10 ** np.clip((grid - 4500) / 2500, 0, 1)  # above the five formants: 20 dB more
    return np.maximum(out * ring * lift, FLOOR)


def resonance(
    formant: Float[np.ndarray, "frame 1"], width: float, grid: Grid, base: float
) -> Spectra:
    """|A / (1 - b/z - c/z²)| with unit gain at 0 Hz; constant above half of `base`."""
    radius = np.exp(-np.pi * width / base)
    b = 2 * radius * np.cos(2 * np.pi * formant / base)
    c = -radius * radius
    w = 2 * np.pi * np.minimum(grid / base, 0.5)
    power = 1 + b * b + c * c - 2 * b * (1 - c) * np.cos(w) - 2 * c * np.cos(2 * w)
    return (1 - b - c) / np.sqrt(power)


def minimum_phase(magnitude: Spectra) -> Complex[np.ndarray, "frame bin"]:
    """The causal response with the least delay, from its cepstrum folded to positive times."""
    size = 2 * (magnitude.shape[1] - 1)
    cepstrum = np.fft.irfft(np.log(magnitude), axis=1)
    cepstrum[:, 1 : size // 2] *= 2
    cepstrum[:, size // 2 + 1 :] = 0
    return np.exp(np.fft.rfft(cepstrum, axis=1))


def pulse_times(curves: Curves, rate: int, rng: np.random.Generator) -> Pulses:
    """The times of glottal closures, in samples."""
    frames = np.arange(len(curves.pitch)) * HOP * rate
    turns = np.concatenate([[0.0], np.cumsum(curves.pitch * HOP)])[:-1]
    count = int(turns[-1])
    jittered = np.arange(count) + rng.normal(0, JITTER, count)
    return np.interp(jittered, turns, frames)


def roughness(grid: Grid) -> Grid:
    """The share of noise in the voice, 0..1, by frequency."""
    return np.clip((grid - ROUGH[0]) / (ROUGH[1] - ROUGH[0]), 0, 1)


def voiced(out: Mono, stretch: Stretch, pulses: Pulses, rng: np.random.Generator) -> None:
    """Add the pulses in these frames to `out`, at fractions of a sample."""
    voice, pitch, rate, size = (
        stretch.curves.voice,
        stretch.curves.pitch,
        stretch.rate,
        stretch.size,
    )
    owner = np.minimum((pulses / (HOP * rate) + 0.5).astype(np.int64), len(voice) - 1)
    lookup = np.full(len(voice), -1)
    lookup[stretch.frames] = np.arange(len(stretch.frames))
    mine = np.flatnonzero((lookup[owner] >= 0) & (voice[owner] > AUDIBLE))
    if not len(mine):
        return
    response = minimum_phase(stretch.envelope) * np.sqrt(1 - roughness(stretch.grid))
    whole = np.floor(pulses[mine]).astype(np.int64)
    delay = np.exp(-2j * np.pi * (pulses[mine] - whole)[:, None] * stretch.grid / rate)
    strength = voice[owner[mine]] * (1 + SHIMMER * rng.normal(size=len(mine)))
    strength *= rate / np.sqrt(2 * pitch[owner[mine]])  # power: the integral of envelope**2
    sounds = np.fft.irfft(response[lookup[owner[mine]]] * delay, axis=1) * strength[:, None]
    for start, sound in zip(whole, sounds, strict=True):
        out[size + start : size + start + size] += sound[: len(out) - size - start]


def noisy(out: Mono, stretch: Stretch, rng: np.random.Generator) -> None:
    """Add breath, the voice's own noise and frication: random spectra under a Hann window."""
    frames, grid, rate, size = stretch.frames, stretch.grid, stretch.rate, stretch.size
    voice = stretch.curves.voice[frames, None]
    center, width, level = stretch.curves.noise[:, frames, None]
    air = 10 ** (stretch.how.air / 20) * (0.3 + np.minimum(grid / 3000, 1.5))
    own = stretch.envelope * voice * np.sqrt(rate / 2) * np.sqrt(roughness(grid) + air**2)
    band = level * VOWEL * np.exp(-0.5 * ((grid - center) / width) ** 2)
    magnitude = np.sqrt(own**2 + band**2 * rate / (2 * width * np.sqrt(np.pi)))
    white = rng.normal(size=(2, *magnitude.shape))
    sounds = np.fft.irfft(magnitude * (white[0] + 1j * white[1]), axis=1)
    window = np.hanning(size + 2)[1:-1]
    hop = HOP * rate
    # A frame with a unit spectrum has variance 2 / size; the squared windows sum to sum / hop.
    sounds *= window * np.sqrt(size / 2) / np.sqrt((window**2).sum() / hop)
    for frame, sound in zip(frames, sounds, strict=True):
        start = size + round(frame * hop) - size // 2
        out[start : start + size] += sound[: len(out) - start]
