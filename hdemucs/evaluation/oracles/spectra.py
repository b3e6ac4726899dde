"""The short-time spectra that oracles mask: Hann window, half overlap, as in SiSEC 2018."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float
from scipy.signal import istft, stft

Spectrum = Complex[np.ndarray, "channel frequency time"]
Sound = Float[np.ndarray, "channel sample"]


def spectrum(signal: Sound, window: int) -> Spectrum:
    """Spectra of `window` samples, every `window // 2` samples."""
    result: Spectrum = stft(signal, nperseg=window)[2]
    return result


def sound(spectra: Spectrum, window: int, samples: int) -> Sound:
    """The signal of masked spectra, `samples` long, float32."""
    signal: Sound = istft(spectra, nperseg=window)[1][..., :samples]
    return np.ascontiguousarray(signal, dtype=np.float32)


def power(spectra: Spectrum) -> Float[np.ndarray, "channel frequency time"]:
    return spectra.real**2 + spectra.imag**2
