"""Kinds of signals on which the metrics are held to museval: one function each, seeded.

Each gives (references, estimates), [source, channel, sample], 16-bit values as sound files hold.
"""

import numpy as np
from scipy.signal import butter, lfilter, sosfiltfilt

RATE = 4000
SOURCES = 3


def quantised(signal):
    return np.round(np.clip(signal, -1, 1) * 32767) / 32768


def coloured(rng, samples):
    """A stereo source: filtered noise that comes and goes."""
    pole = rng.uniform(0.3, 0.9)
    mono = lfilter([1], [1, -pole], rng.standard_normal(samples))
    swell = 1.1 + np.sin(np.arange(samples) * rng.uniform(1, 9) / RATE + rng.uniform(0, 6))
    sides = lfilter([1, 0.3], [1], rng.standard_normal((2, samples)))
    return 0.03 * swell * (rng.uniform(0.4, 1, (2, 1)) * mono + 0.5 * sides)


def estimated(rng, references):
    """Filtered references, some of the others, some noise."""
    filtered = lfilter([0.8, 0.15, -0.1], [1], references)
    leak = 0.15 * (references.sum(0) - references)
    return filtered + leak + 0.002 * rng.standard_normal(references.shape)


def plain(seconds=3.0, sources=SOURCES, seed=0):
    rng = np.random.default_rng(seed)
    references = np.stack([coloured(rng, int(seconds * RATE)) for _ in range(sources)])
    return quantised(references), quantised(estimated(rng, references))


def silent_stretch():
    """One reference is silent in one frame, one estimate in another."""
    references, estimates = plain(5.0)
    references[0, :, RATE : 2 * RATE] = 0
    estimates[1, :, 3 * RATE : 4 * RATE] = 0
    return references, estimates


def late_sound():
    """Every frame sounds, but only in its last samples."""
    references, estimates = plain()
    references[2] *= np.arange(references.shape[-1]) % RATE > RATE - 300
    return references, estimates


def antiphase_frame():
    """Left is the negative of right for one frame: silent in museval's eyes."""
    references, estimates = plain()
    references[0, 1, RATE : 2 * RATE] = -references[0, 0, RATE : 2 * RATE]
    return references, estimates


def antiphase_nearly():
    """Left is the negative of right but for one sample a frame."""
    references, estimates = plain()
    references[0, 1] = -references[0, 0]
    references[0, 1, ::1000] += 1 / 32768
    return references, estimates


def mono_sources():
    """Left equals right: the references' correlation matrix is singular."""
    references, estimates = plain()
    references[:2, 1] = references[:2, 0]
    return references, estimates


def hard_panned():
    """One reference has nothing on the right."""
    references, estimates = plain()
    references[1, 1] = 0
    return references, estimates


def identical_sources():
    """Two references are the same signal."""
    references, estimates = plain()
    references[1] = references[0]
    return references, estimates


def low_passed():
    """Nothing above a quarter of the band, as 16-bit integers."""
    references, _ = plain(4.0)
    passed = sosfiltfilt(butter(8, 0.25, output="sos"), references)
    return quantised(passed), quantised(estimated(np.random.default_rng(1), passed))


def odd_length():
    references, estimates = plain(3.217)
    return references, estimates


def shorter_than_a_window():
    return plain(0.6)


def longer_estimates():
    references, estimates = plain(3.0)
    return references[..., : 2 * RATE + 77], estimates


def shorter_estimates():
    references, estimates = plain(3.0)
    return references, estimates[..., :-1500]


def precise_estimates():
    """60 dB estimates, as floats."""
    references, _ = plain()
    noise = np.random.default_rng(3).standard_normal(references.shape)
    return references, references + 1e-3 * np.abs(references).mean() * noise


def fade_out():
    """Down to -90 dB."""
    references, estimates = plain(4.0)
    fade = np.geomspace(1, 10**-4.5, references.shape[-1])
    return references * fade, estimates * fade


def leakage_only():
    """Gains and leakage, no filtering, no noise."""
    references, _ = plain()
    return references, 0.9 * references + 0.1 * references.sum(0)


def swapped():
    """Two estimates are exchanged: the scores are bad, not undefined."""
    references, estimates = plain()
    return references, estimates[[1, 0, 2]]


def mono_files():
    """One channel."""
    references, estimates = plain()
    return references[:, :1], estimates[:, :1]


def loud_and_quiet():
    """Sources 60 dB apart."""
    references, estimates = plain()
    gains = np.array([1, 1e-3, 1])[:, None, None]
    return references * gains, estimates * gains + 1e-6


def six_seconds():
    """Four stereo sources at 44.1 kHz, silent stretches, as a song has them."""
    references, estimates = plain(6.3 * 44100 / RATE, 4, seed=5)
    references[3, :, : 44100 + 500] = 0
    return references, estimates


def only_tail_sounds():
    """An odd length whose unscored tail alone holds one source's sound, but for a click a frame."""
    references, estimates = plain(3.4)
    references[1, :, : 3 * RATE] = 0
    references[1, :, 100::RATE] = 0.01
    return references, estimates


RATES = {"six_seconds": 44100}  # Hz, where not RATE

KINDS = {
    kind.__name__: kind
    for kind in (
        plain,
        silent_stretch,
        late_sound,
        antiphase_frame,
        antiphase_nearly,
        mono_sources,
        hard_panned,
        identical_sources,
        low_passed,
        odd_length,
        shorter_than_a_window,
        longer_estimates,
        shorter_estimates,
        precise_estimates,
        fade_out,
        leakage_only,
        swapped,
        mono_files,
        loud_and_quiet,
        only_tail_sounds,
        six_seconds,
    )
}
