"""The key of a bass stem, as the share of time that each pitch class leads."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.signal import stft

Mono = Float[np.ndarray, " sample"]
Histogram = Float[np.ndarray, " 12"]

WINDOW = 0.4  # seconds; with it, semitones can be told apart from about 40 Hz on
LOWEST, HIGHEST = 30.0, 500.0  # Hz
CONCERT = 440.0  # Hz of the note A, from which pitch classes are counted
BLOCK, QUIET = 10_000, 0.05  # samples; a block below this share of the peak counts as silent


def histogram(signal: Mono, rate: int) -> Histogram:
    """The share of the sounding frames in which each pitch class is the strongest; A is 0."""
    sounding = signal[np.repeat(loud(signal), BLOCK)[: len(signal)]]
    window = int(WINDOW * rate)
    if len(sounding) < window:
        return np.zeros(12)
    frequencies, _, spectrum = stft(sounding, rate, nperseg=window, noverlap=window // 2)
    kept = (frequencies >= LOWEST) & (frequencies <= HIGHEST)
    classes = np.rint(12 * np.log2(frequencies[kept] / CONCERT)).astype(int) % 12
    chroma = np.zeros((12, spectrum.shape[1]))
    np.add.at(chroma, classes, np.abs(spectrum[kept]) ** 2)
    return np.bincount(chroma.argmax(0), minlength=12) / spectrum.shape[1]


def loud(signal: Mono) -> np.ndarray:
    """Which blocks of the signal have notes."""
    padded = np.pad(signal, (0, -len(signal) % BLOCK)).reshape(-1, BLOCK)
    rms = np.sqrt((padded.astype(np.float64) ** 2).mean(1))
    return (rms >= QUIET * np.abs(signal).max()) & (rms > 0)


def transposition(reference: Histogram, other: Histogram) -> int:
    """The transposition in semitones, -6 to 5, that brings `other` closest to `reference`."""
    distances = [np.abs(reference - np.roll(other, shift)).mean() for shift in range(-6, 6)]
    order = sorted(range(-6, 6), key=lambda shift: (distances[shift + 6], abs(shift)))
    return order[0]
