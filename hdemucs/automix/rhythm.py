"""Tempo and beats of a drum stem: spectral flux, its autocorrelation, dynamic programming.

D. Ellis, "Beat tracking by dynamic programming" (2007); the official code calls librosa's version.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.signal import stft

Mono = Float[np.ndarray, " sample"]
Envelope = Float[np.ndarray, " frame"]

FPS = 200  # frames of the envelope per second
WINDOW = 0.04  # seconds
LOUDNESS = 100.0  # compression of magnitudes: log(1 + LOUDNESS * |X| / max |X|)
SLOWEST, FASTEST, USUAL = 40.0, 240.0, 120.0  # beats per minute
SPREAD = 0.9  # octaves, of the prior on tempi
TIGHT = 100.0  # weight of a beat's distance from regular time


def onsets(signal: Mono, rate: int) -> Envelope:
    """Envelope: how much louder each frame is than the one before, over all frequencies; unit
    deviation.
    """
    window, hop = int(WINDOW * rate), rate // FPS
    _, _, spectrum = stft(signal, nperseg=window, noverlap=window - hop)
    level = np.log1p(LOUDNESS * np.abs(spectrum) / (np.abs(spectrum).max() + 1e-12))
    flux = np.maximum(0, np.diff(level, axis=1, prepend=level[:, :1])).mean(0)
    return flux / (flux.std() + 1e-12)


def tempo(envelope: Envelope, rate: int) -> float:
    """The tempo in beats per minute: the strongest period, with a prior around 120."""
    fps = frames_per_second(rate)
    centred = envelope - envelope.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(centred)]
    lags = np.arange(int(60 * fps / FASTEST), min(len(centred), int(60 * fps / SLOWEST) + 1))
    bpm = 60 * fps / lags
    prior = np.exp(-0.5 * (np.log2(bpm / USUAL) / SPREAD) ** 2)
    return float(bpm[np.argmax(np.maximum(correlation[lags], 0) * prior)])


def beats(envelope: Envelope, rate: int, bpm: float) -> Float[np.ndarray, " beat"]:
    """The times of the beats in seconds: a chain of strong and regular frames."""
    fps = frames_per_second(rate)
    period = 60 * fps / bpm
    back = np.arange(-int(2 * period), -int(period / 2) + 1)
    price = TIGHT * np.log(-back / period) ** 2
    score, before = envelope.astype(np.float64), np.full(len(envelope), -1)
    for frame in range(-back[0], len(envelope)):
        worth = score[frame + back] - price
        best = int(worth.argmax())
        score[frame] += max(0.0, worth[best])
        before[frame] = frame + back[best] if worth[best] > 0 else -1
    return np.array(chain(score, before, int(period))) / fps


def chain(score: Envelope, before: np.ndarray, period: int) -> list[int]:
    """Follow the chain backwards from the best of the last frames."""
    start = max(0, len(score) - period)
    frame, found = start + int(score[start:].argmax()), []
    while frame >= 0:
        found.append(frame)
        frame = int(before[frame])
    return found[::-1]


def frames_per_second(rate: int) -> float:
    """Frames per second of the envelope, whose hop is a whole number of samples."""
    return rate / (rate // FPS)
