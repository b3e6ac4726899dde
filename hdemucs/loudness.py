"""Loudness and true peak of signals at any rate (ITU-R BS.1770-4)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from hdemucs.audio import Signal

Blocks = Float[np.ndarray, "block"]

BLOCK, HOP = 0.4, 0.1  # seconds, for momentary loudness, with 75 % overlap
OFFSET = -0.691  # dB, so that a 997 Hz sine at 0 dBFS in one channel has -3.01 LUFS
ABSOLUTE, RELATIVE = -70.0, -10.0  # LUFS and LU: the gates of integrated loudness
SILENCE = -math.inf
OVERSAMPLING = 4
# The standard's two filters as analogue prototypes (f0 in Hz, Q, gain in dB). The bilinear
# transform with prewarping gives the standard's table at 48 kHz, and the same curves at other
# rates.
SHELF = (1681.974450955533, 0.7071752369554196, 3.999843853973347)
HIGH_PASS = (38.13547087602444, 0.5003270373238773)
SHELF_EXPONENT = 0.4996667741545416
TABLE = 48_000  # Hz, the rate of the standard's table


def shelf(rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of the first filter of K-weighting, which models the head."""
    frequency, q, gain = SHELF
    k = math.tan(math.pi * frequency / rate)
    high = 10 ** (gain / 20)
    band = high**SHELF_EXPONENT
    b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k])
    a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    return b / a[0], a / a[0]


def high_pass(rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of the second filter, the revised low-frequency B-curve.

    The standard's numerator at 48 kHz is 1, -2, 1, which makes treble 0.04 dB too loud; OFFSET
    corrects that. At other rates, the numerator is scaled to have the same gain for treble.
    """
    a, table = (denominator(at) for at in (rate, TABLE))
    return np.array([1.0, -2.0, 1.0]) * table[0] / a[0], a / a[0]


def denominator(rate: int) -> np.ndarray:
    """The second filter's denominator, not scaled."""
    frequency, q = HIGH_PASS
    k = math.tan(math.pi * frequency / rate)
    return np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])


def momentary_power(signal: Signal, rate: int) -> Blocks:
    """K-weighted power of each whole block of 400 ms, every 100 ms, summed over channels.

    Raises:
        ValueError: the signal is shorter than one block.
    """
    hop = round(HOP * rate)
    per_block = round(BLOCK / HOP)
    hops = signal.shape[1] // hop
    if hops < per_block:
        raise ValueError(f"{signal.shape[1]} samples are less than one block of {BLOCK} s")
    from scipy.signal import lfilter  # takes half a second to import, and few stages measure

    weighted = signal.astype(np.float64)
    for b, a in (shelf(rate), high_pass(rate)):
        weighted = lfilter(b, a, weighted, axis=1)
    energy = np.square(weighted[:, : hops * hop]).sum(0).reshape(hops, hop).sum(1)
    return np.convolve(energy, np.ones(per_block), "valid") / (per_block * hop)


def lufs(power: Blocks) -> Blocks:
    """Loudness in LUFS of K-weighted power; minus infinity for silence."""
    with np.errstate(divide="ignore"):
        return OFFSET + 10 * np.log10(power)


def mean_lufs(power: Blocks) -> float:
    """Loudness in LUFS of the mean power, without gates."""
    return float(lufs(power.mean(keepdims=True))[0])


def gated(power: Blocks) -> float:
    """Integrated loudness in LUFS, from blocks above -70 LUFS and above their mean - 10 LU."""
    loud = power[lufs(power) > ABSOLUTE]
    if not len(loud):
        return SILENCE
    return mean_lufs(loud[lufs(loud) > mean_lufs(loud) + RELATIVE])


def loudness(signal: Signal, rate: int) -> float:
    """Integrated loudness in LUFS of a stereo or mono signal; minus infinity for silence."""
    return gated(momentary_power(signal, rate))


def true_peak(signal: Signal) -> float:
    """Largest magnitude in dBTP, including values between samples (BS.1770-4, Annex 2: 4x)."""
    from scipy.signal import resample_poly

    oversampled = resample_poly(signal.astype(np.float64), OVERSAMPLING, 1, axis=1)
    peak = max(float(np.abs(oversampled).max()), float(np.abs(signal).max()))
    return 20 * math.log10(peak) if peak > 0 else SILENCE
