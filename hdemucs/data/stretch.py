"""Tempo and pitch of many stems at once, by joining pieces where their waveforms fit.

Tempo: waveform-similarity overlap-add (Verhelst and Roelands, ICASSP 1993). Output frames lie half
a frame apart under Hann windows. Each is taken from near the place that the tempo asks for: from
there where the input is most like what followed the frame before. The search is made on a
decimated mono mixture of each stem, then sample by sample. Pitch: resampling, after which the tempo
is set right.

Official demucs/repitch.py calls `soundstretch` for the same purpose, whose tempo changes are of
this kind. The page of `hdemucs bench repitch` compares both, and a phase vocoder.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

FRAME = 0.046  # seconds
REACH = 0.012  # seconds by which a frame may be taken earlier or later
SEARCHED = 8000  # Hz, about: the rate at which places are compared first
NEARER = 0.1  # of a correlation of 1: what a place at the end of the reach has to be better by
FAINT = 1e-6  # of a stem's mean energy; what is fainter fits everywhere
FINEST = 100  # largest denominator of a ratio of pitches

Stems = Float32[np.ndarray, "source channel sample"]
Other = Float32[np.ndarray, "source channel other"]
Places = Int64[np.ndarray, " source"]


def stretched(stems: Stems, rate: int, semitones: int, speed: float) -> Other:
    """All stems `speed` times as fast and `semitones` higher: about sample / speed samples."""
    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(FINEST)
    length = round(stems.shape[-1] / speed)
    if ratio != 1:
        stems = resample_poly(stems, ratio.denominator, ratio.numerator, axis=-1)
    slower = speed / float(ratio)
    if slower == 1:
        return stems[..., :length]
    return Search(stems, rate, slower, length).joined()


class Search:
    """The frames of one tempo change, and where they are taken from."""

    def __init__(self, stems: Stems, rate: int, speed: float, length: int) -> None:
        self.speed, self.length = speed, length
        self.step = max(1, round(rate / SEARCHED))  # of the decimation
        self.hop = self.step * max(1, round(FRAME * rate / 2 / self.step))
        self.frame, self.reach = 2 * self.hop, self.step * max(1, round(REACH * rate / self.step))
        self.count = -(-length // self.hop) + 1  # frames; the first begins a hop before the song
        before = self.hop + self.reach + self.step
        least = before + int(self.count * self.hop * speed) + 2 * (self.frame + self.reach)
        whole = self.step * -(-max(least, before + stems.shape[-1]) // self.step)
        after = whole - before - stems.shape[-1]
        self.padded = np.pad(stems, ((0, 0), (0, 0), (before, after)))
        self.first = before - self.hop
        self.mono = self.padded.mean(1)
        self.low = self.mono.reshape(len(stems), -1, self.step).mean(-1)
        squares = np.square(self.low, dtype=np.float64)
        self.faint = FAINT * squares.mean(1, keepdims=True) * (self.frame // self.step)
        self.energy = np.pad(squares.cumsum(1), ((0, 0), (1, 0)))
        self.rows = np.arange(len(stems))[:, None]
        distances = np.arange(-self.reach, self.reach + 1, self.step)
        self.far = NEARER * np.abs(distances) / self.reach  # the place asked for is preferred

    def joined(self) -> Other:
        """The frames, windowed and added."""
        window = np.hanning(self.frame + 1)[:-1].astype(np.float32)
        sources, channels, _ = self.padded.shape
        out = np.zeros((sources, channels, (self.count + 1) * self.hop), np.float32)
        places = np.full(sources, self.first)
        for number in range(self.count):
            if number:
                wanted = self.first + round(number * self.hop * self.speed)
                places = self.fitting(wanted, places + self.hop)
            here = slice(number * self.hop, number * self.hop + self.frame)
            for signal, place, target in zip(self.padded, places, out, strict=True):
                target[:, here] += signal[:, place : place + self.frame] * window
        return out[..., self.hop : self.hop + self.length]

    def fitting(self, wanted: int, natural: Places) -> Places:
        """Near `wanted`, the places most like `natural`, where the frames before would go on."""
        size, reach = self.frame // self.step, self.reach // self.step
        start = wanted // self.step - reach
        like = self.low[self.rows, (natural // self.step)[:, None] + np.arange(size)]
        region = self.low[:, start : start + size + 2 * reach]
        points = next_fast_len(size + 2 * reach, real=True)
        product = rfft(region, points) * rfft(like, points).conj()
        similar = irfft(product, points)[:, : 2 * reach + 1]
        score = similar / self.norm(like, start, size, reach) - self.far
        coarse = (start + score.argmax(1)) * self.step
        return self.finer(coarse, natural) if self.step > 1 else coarse

    def norm(
        self, like: Float32[np.ndarray, "source sample"], start: int, size: int, reach: int
    ) -> Float64[np.ndarray, "source place"]:
        """What correlations are divided by, so that equal waveforms have 1 and faint ones 0."""
        ends = self.energy[:, start + size : start + size + 2 * reach + 1]
        region = ends - self.energy[:, start : start + 2 * reach + 1]
        own = np.square(like, dtype=np.float64).sum(1, keepdims=True)
        tiny = np.finfo(np.float64).tiny
        return np.sqrt((region + self.faint) * (own + self.faint)) + tiny

    def finer(self, coarse: Places, natural: Places) -> Places:
        """The best of all samples around `coarse`."""
        start = coarse - self.step + 1
        width = self.frame + 2 * self.step - 2
        found = start.copy()
        for source, signal in enumerate(self.mono):
            near = signal[start[source] :][:width]
            like = signal[natural[source] :][: self.frame]
            found[source] += np.correlate(near, like).argmax()
        return found
