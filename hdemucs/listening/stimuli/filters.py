"""The low-pass filters of the standard anchors, for any sample rate (ITU-R BS.1534-3, 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.signal import fftconvolve, firwin, freqz, kaiser_beta, kaiserord

from hdemucs.audio import Signal
from hdemucs.errors import UserError

Taps = Float[np.ndarray, "tap"]

ATTENUATION = 70.0  # dB; the mask requires 50
# The mask of the 3.5 kHz anchor; for 7 kHz, the same mask is used at twice the frequencies.
RIPPLE, NEAR, FAR = 0.1, 25.0, 50.0  # dB: pass-band, at 8/7 of the edge, at 9/7 and above


@dataclass(frozen=True)
class Measured:
    """A low-pass filter's figures for the mask; None if the frequency is above Nyquist."""

    taps: int
    ripple: float  # dB; the largest deviation up to the edge
    near: float | None  # dB; the least attenuation from 8/7 of the edge on
    far: float | None  # dB; the least attenuation from 9/7 of the edge on

    @property
    def meets_mask(self) -> bool:
        near, far = self.near is None or self.near >= NEAR, self.far is None or self.far >= FAR
        return self.ripple <= RIPPLE and near and far


@cache
def low_pass(edge: int, rate: int) -> Taps:
    """A Kaiser filter of odd length that passes up to `edge` Hz and stops from 8/7 of it on.

    Raises:
        UserError: the edge is not below the Nyquist frequency.
    """
    nyquist = rate / 2
    stop = min(edge * 8 / 7, nyquist)
    if edge >= stop:
        problem = f"a {edge} Hz low-pass anchor does not exist at {rate} Hz"
        raise UserError("listening.anchors.names", problem, f"remove lowpass-{edge}")
    length, _ = kaiserord(ATTENUATION, (stop - edge) / nyquist)
    window = ("kaiser", kaiser_beta(ATTENUATION))
    return np.asarray(firwin(length | 1, (edge + stop) / 2, window=window, fs=rate))


def filtered(signal: Signal, taps: Taps) -> Signal:
    """Filter without delay; the length stays the same."""
    padded = fftconvolve(signal.astype(np.float64), taps[None], mode="full", axes=1)
    delay = len(taps) // 2
    return padded[:, delay : delay + signal.shape[1]].astype(np.float32)


def measured(edge: int, rate: int) -> Measured:
    """The filter's figures, to be compared with the mask."""
    taps = low_pass(edge, rate)
    frequencies, response = freqz(taps, worN=1 << 15, fs=rate, include_nyquist=True)
    with np.errstate(divide="ignore"):
        level = 20 * np.log10(np.abs(response))
    passed = level[frequencies <= edge]
    near, far = (level[frequencies >= edge * part] for part in (8 / 7, 9 / 7))
    return Measured(
        taps=len(taps),
        ripple=round(float(np.abs(passed).max()), 4),
        near=round(-float(near.max()), 1) if len(near) else None,
        far=round(-float(far.max()), 1) if len(far) else None,
    )


def nears_nyquist(edge: int, rate: int) -> bool:
    """Whether the anchor removes almost nothing that the sample rate can carry."""
    return edge * 9 / 7 > rate / 2
