"""Studio effects on float64 signals [channel, sample]; all of them keep the length."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.fft import irfft, rfft
from scipy.ndimage import gaussian_filter1d, minimum_filter1d
from scipy.signal import butter, resample_poly, sosfilt

Signal = Float[np.ndarray, "channel sample"]
Mono = Float[np.ndarray, " sample"]
Blocks = Float[np.ndarray, " block"]
Response = Float[np.ndarray, "channel tap"]

BLOCK = 1 << 16  # samples of a Fourier transform
DETECTOR = 0.004  # seconds between the compressors' measurements and gains
LOOK = 0.04  # seconds before and after a sample that the limiter takes into account
OVERSAMPLING = 2


def reverb(signal: Signal, seconds: float, rate: int, rng: np.random.Generator) -> Signal:
    """The reverb of a room, without the dry sound: noise that falls by 60 dB in `seconds`, faster
    at high frequencies.
    """
    count = round(0.9 * seconds * rate)
    time = np.arange(count) / rate
    noise = rng.normal(size=(2, count))
    dark = sosfilt(lowpass(2200, rate), noise, axis=1)
    late = dark * 10 ** (-3 * time / seconds) + (noise - dark) * 10 ** (-6 * time / seconds)
    late[:, : max(1, round(0.006 * rate))] = 0
    late /= np.sqrt((late**2).sum(axis=1, keepdims=True))
    return convolved(np.broadcast_to(signal, (2, signal.shape[1])), late)


def convolved(signal: Signal, response: Response) -> Signal:
    """Convolve by overlap-add, all blocks in one transform; cut to the signal's length."""
    length, taps = signal.shape[1], response.shape[1]
    size = max(BLOCK, 1 << int(np.ceil(np.log2(2 * taps))))
    hop = size - taps + 1
    count = -(-length // hop)
    padded = np.pad(signal, ((0, 0), (0, count * hop - length)))
    blocks = rfft(padded.reshape(2, count, hop), size, axis=2)
    sounds = irfft(blocks * rfft(response, size, axis=1)[:, None], size, axis=2)
    out = np.zeros((2, count * hop + size))
    for block in range(count):
        out[:, block * hop : block * hop + size] += sounds[:, block]
    return out[:, :length]


def compressed(signal: Signal, threshold: float, ratio: float, rate: int) -> Signal:
    """Compress all channels alike, `threshold` dB above the active level; attack 8 ms, release 120
    ms.
    """
    hop = max(1, round(DETECTOR * rate))
    level = 10 * np.log10(block_power(signal, hop) + 1e-12)
    active = level[level > level.max() - 30]
    over = np.maximum(0, level - (10 * np.log10((10 ** (active / 10)).mean()) + threshold))
    rise, fall = 1 - np.exp(-DETECTOR / 0.008), 1 - np.exp(-DETECTOR / 0.12)
    state, curve = 0.0, np.empty(len(over))
    for place, value in enumerate(over.tolist()):
        state += (value - state) * (rise if value > state else fall)
        curve[place] = state
    return signal * spread(10 ** (-curve * (1 - 1 / ratio) / 20), hop, signal.shape[1])


def block_power(signal: Signal, hop: int) -> Blocks:
    count = -(-signal.shape[1] // hop)
    padded = np.pad(signal, ((0, 0), (0, count * hop - signal.shape[1])))
    return (padded.reshape(len(signal), count, hop) ** 2).mean(axis=(0, 2))


def spread(values: Blocks, hop: int, length: int) -> Mono:
    """Interpolate linearly between the values of blocks, placed at their centres."""
    return np.interp(np.arange(length), (np.arange(len(values)) + 0.5) * hop, values)


def driven(signal: Signal, amount: float) -> Signal:
    """Saturate (tanh) at twice the sample rate; an `amount` of 2 is strong distortion."""
    level = np.sqrt((signal**2).mean()) + 1e-12
    up = resample_poly(signal, OVERSAMPLING, 1, axis=1) * (2 * amount / level)
    return resample_poly(np.tanh(up + 0.1 * amount), 1, OVERSAMPLING, axis=1)[:, : signal.shape[1]]


def chorused(signal: Signal, depth: float, rate: int, rng: np.random.Generator) -> Signal:
    """Add a copy with a slowly changing delay, which moves in opposite ways in the two channels."""
    count = signal.shape[1]
    time = np.arange(count)
    swing = (
        0.0025 * rate * np.sin(2 * np.pi * (rng.uniform(0.3, 0.9) * time / rate + rng.uniform()))
    )
    out = signal.copy()
    for channel, sign in enumerate((1, -1)):
        place = time - 0.012 * rate - sign * swing
        out[channel] += depth * np.interp(place, time, signal[channel], left=0.0)
    return out


def echoed(signal: Signal, seconds: float, feedback: float, rate: int) -> Signal:
    """Only the echoes, on alternating sides, each `feedback` times the one before."""
    out = np.zeros_like(signal)
    delay, gain, turned = round(seconds * rate), feedback, signal
    for repeat in range(1, 6):
        start = repeat * delay
        if start >= signal.shape[1]:
            break
        turned = turned[::-1]
        out[:, start:] += gain * turned[:, : signal.shape[1] - start]
        gain *= feedback
    return out


def swept(signal: Signal, octaves: float, period: float, rate: int) -> Signal:
    """A low-pass (18 dB per octave) whose cutoff moves up and down once every `period` seconds."""
    size = 1 << int(np.ceil(np.log2(0.04 * rate)))
    hop = size // 4
    frames = -(-signal.shape[1] // hop) + 4
    padded = np.pad(signal, ((0, 0), (size, frames * hop + size)))
    index = np.arange(frames)[:, None] * hop + np.arange(size) + size - 3 * hop
    window = np.hanning(size + 1)[:-1]
    spectra = rfft(padded[:, index] * window, axis=2)
    turn = np.sin(2 * np.pi * np.arange(frames) * hop / rate / period)
    cutoff = 1800 * 2 ** (octaves * turn / 2)
    grid = np.fft.rfftfreq(size, 1 / rate)
    sounds = irfft(spectra / np.sqrt(1 + (grid / cutoff[:, None]) ** 6), axis=2) * window
    out = np.zeros_like(padded)
    for frame in range(frames):
        start = frame * hop + size - 3 * hop
        out[:, start : start + size] += sounds[:, frame]
    return out[:, size : size + signal.shape[1]] / 1.5  # the sum of the squared windows


def tilted(signal: Signal, decibels: float, rate: int) -> Signal:
    """Shelving filters around 1 kHz: high frequencies up, low ones down, by half of `decibels`
    each.
    """
    low = sosfilt(lowpass(1000, rate, order=1), signal, axis=1)
    gain = 10 ** (decibels / 40)
    return low / gain + (signal - low) * gain


def filtered(signal: Signal, sections: np.ndarray) -> Signal:
    return sosfilt(sections, signal, axis=1)


def lowpass(hertz: int, rate: int, order: int = 2) -> np.ndarray:
    return butterworth(hertz, rate, order, "lowpass")


def highpass(hertz: int, rate: int, order: int = 2) -> np.ndarray:
    return butterworth(hertz, rate, order, "highpass")


def butterworth(hertz: int, rate: int, order: int, kind: str) -> np.ndarray:
    return butter(order, min(hertz, 0.45 * rate), kind, fs=rate, output="sos")


def panned(signal: Mono, place: float) -> Signal:
    """A mono signal at `place`, from -1 (left) to 1 (right), with constant power."""
    angle = (place + 1) * np.pi / 4
    return np.stack([signal * np.cos(angle), signal * np.sin(angle)])


def limiting(peaks: Mono, ceiling: float, rate: int) -> Mono:
    """The gain for each sample that keeps `peaks` below `ceiling`.

    It is the minimum over the neighbourhood, smoothed by a kernel that is no wider than this.
    """
    reach = max(1, round(LOOK * rate))
    gain = np.minimum(1, ceiling / np.maximum(peaks, 1e-9))
    lowest = minimum_filter1d(gain, 2 * reach + 1, mode="nearest")
    return gaussian_filter1d(lowest, reach / 3, mode="nearest", truncate=3.0)
