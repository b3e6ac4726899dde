"""Anchors of a separation test, each a formula of the target and the other stems.

Sources: BS.1534-3, 5.1 (low-pass); Emiya et al. 2011, PEASS (distorted-target, artifact,
interference); Ward et al. 2018 (mixture, quality). `s` is the target, `rest` is the sum of the
other
stems, L() is loudness. Masks are drawn once and used for both channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from hdemucs.audio import Signal
from hdemucs.config.listening import AnchorName, AnchorsConfig
from hdemucs.listening.stimuli.filters import filtered, low_pass
from hdemucs.loudness import loudness

Spectrum = Complex[np.ndarray, "channel frame bin"]

WINDOW, HOP = 2048, 1024  # samples; a periodic Hann window at half overlap sums to 1
CONSTANT = -23.0  # LUFS of the parts that are added, if the formula requires equal loudness
FLOOR = 1e-20  # power that stands for silence in ratios


@dataclass(frozen=True)
class Material:
    """What anchors are made from: [channel, sample] at `rate` Hz."""

    target: Signal
    rest: Sequence[Signal]
    rate: int

    @property
    def mixture(self) -> Signal:
        return total([self.target, *self.rest])


Recipe = Callable[[Material, AnchorsConfig, np.random.Generator], Signal]


def quality(material: Material, config: AnchorsConfig, rng: np.random.Generator) -> Signal:
    """Ward et al.: drop-outs and equal musical noise, both low-passed; as loud as the target."""
    target, rate = material.target, material.rate
    dull = low_pass(3500, rate)
    parts = [
        filtered(dropped(target, config.dropped_frames, rng), dull),
        filtered(musical_noise(target, config.noise_zeroed, rng), dull),
    ]
    mixed = total([levelled(part, CONSTANT, rate) for part in parts])
    return levelled(mixed, loudness(target, rate), rate)


def distorted_target(material: Material, config: AnchorsConfig, rng: np.random.Generator) -> Signal:
    """PEASS: a low-passed target with drop-outs, as loud as the target."""
    target, rate = material.target, material.rate
    dull = filtered(target, low_pass(3500, rate))
    return levelled(dropped(dull, config.dropped_frames, rng), loudness(target, rate), rate)


def artifact(material: Material, config: AnchorsConfig, rng: np.random.Generator) -> Signal:
    """PEASS: the target plus equally loud musical noise made from it."""
    target, rate = material.target, material.rate
    level = loudness(target, rate)
    noise = levelled(musical_noise(target, config.noise_zeroed, rng), level, rate)
    return levelled(target + noise, level, rate)


def interference(material: Material, *_: object) -> Signal:
    """PEASS: the other stems, equally loud; their sum is as loud as the target."""
    target, rate = material.target, material.rate
    others = total([levelled(stem, CONSTANT, rate) for stem in material.rest])
    return target + levelled(others, loudness(target, rate), rate)


RECIPES: dict[AnchorName, Recipe] = {
    "lowpass-3500": lambda m, *_: filtered(m.target, low_pass(3500, m.rate)),
    "lowpass-7000": lambda m, *_: filtered(m.target, low_pass(7000, m.rate)),
    "mixture": lambda m, *_: m.mixture,
    "quality": quality,
    "distorted-target": distorted_target,
    "artifact": artifact,
    "interference": interference,
}


def musical_noise(signal: Signal, zeroed: float, rng: np.random.Generator) -> Signal:
    """Set a random share of the time-frequency bins to zero (PEASS)."""
    spectrum = stft(signal)
    return istft(spectrum * (rng.random(spectrum.shape[1:]) >= zeroed), signal.shape[1])


def dropped(signal: Signal, share: float, rng: np.random.Generator) -> Signal:
    """Set a random share of the frames to zero (as Ward et al. read PEASS)."""
    spectrum = stft(signal)
    kept = rng.random((spectrum.shape[1], 1)) >= share
    return istft(spectrum * kept, signal.shape[1])


def total(signals: Sequence[Signal]) -> Signal:
    return np.asarray(np.sum(signals, axis=0, dtype=np.float32))


def levelled(signal: Signal, level: float, rate: int) -> Signal:
    """The signal at `level` LUFS; silence stays silent."""
    now = loudness(signal, rate)
    return signal * np.float32(10 ** ((level - now) / 20)) if np.isfinite(now) else signal


def stft(signal: Signal) -> Spectrum:
    """The spectrum in half-overlapping Hann windows, the first centred on the first sample."""
    pad = WINDOW - signal.shape[1] % HOP
    padded = np.pad(signal.astype(np.float64), ((0, 0), (HOP, HOP + pad)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return np.fft.rfft(frames * hann, axis=2)


def istft(spectrum: Spectrum, length: int) -> Signal:
    """The signal by overlap-add: the windows of `stft` sum to 1."""
    frames = np.fft.irfft(spectrum, WINDOW, axis=2)
    channels, count, _ = frames.shape
    signal = np.zeros((channels, (count + 1) * HOP))
    signal[:, : count * HOP] += frames[:, :, :HOP].reshape(channels, -1)
    signal[:, HOP:] += frames[:, :, HOP:].reshape(channels, -1)
    return signal[:, HOP : HOP + length].astype(np.float32)
