"""A zone: one recorded sample, and everything that a SoundFont says about playing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Generators = dict[int, int]  # generator number -> amount, in the file's units

KEYS, VELOCITIES = 43, 44
DEFAULTS = {8: 13_500, 56: 100, 58: -1} | dict.fromkeys((25, 26, 27, 28, 30), -12_000)
DEFAULTS |= dict.fromkeys((33, 34, 35, 36, 38), -12_000)
NOT_ADDED = {0, 1, 2, 3, 4, 12, 45, 50, 54, 57, 58}  # these exist at the instrument level only
COARSE = 32_768  # samples in a coarse address step


@dataclass(frozen=True)
class Envelope:
    """Delay, attack, hold, decay and release in seconds (from full scale to nothing)."""

    delay: float
    attack: float
    hold: float
    decay: float
    sustain: float  # dB below the peak (volume) or share of the peak (modulation)
    release: float


@dataclass(frozen=True)
class Zone:
    """What the sampler needs to play a sample."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    start: int  # addresses in the font's sample data
    end: int
    loop: tuple[int, int] | None
    rate: int  # Hz
    root: float  # the key at which the sample sounds as recorded
    scale: float  # semitones per key
    gain: float
    pan: float  # -1 left .. 1 right
    cutoff: float  # Hz, cutoff of the low-pass filter
    sweep: float  # octaves that the modulation envelope adds to the cutoff
    volume: Envelope
    modulation: Envelope

    def sounds(self, key: int, velocity: int) -> bool:
        inside = self.keys[0] <= key <= self.keys[1]
        return inside and self.velocities[0] <= velocity <= self.velocities[1]


def spanned(outer: Generators, inner: Generators) -> tuple[tuple[int, int], ...] | None:
    """Keys and velocities that both levels allow; None if there are none."""
    spans = []
    for kind in (KEYS, VELOCITIES):
        bounds = [split(level.get(kind, 127 << 8)) for level in (outer, inner)]
        low, high = max(b[0] for b in bounds), min(b[1] for b in bounds)
        if low > high:
            return None
        spans.append((low, high))
    return tuple(spans)


def split(amount: int) -> tuple[int, int]:
    return amount & 0xFF, (amount >> 8) & 0xFF


def resolved(
    outer: Generators, inner: Generators, span: tuple[tuple[int, int], ...], header: Any
) -> Zone:
    """Combine both levels: amounts of the preset are added to the instrument's (section 8.5)."""

    def value(kind: int) -> int:
        added = 0 if kind in NOT_ADDED else outer.get(kind, 0)
        return inner.get(kind, DEFAULTS.get(kind, 0)) + added

    override = value(58)
    key = int(header["key"]) if override < 0 else override
    tuning = value(51) + (value(52) + int(header["correction"])) / 100
    loop_start = int(header["loop_start"]) + value(2) + COARSE * value(45)
    loop_end = int(header["loop_end"]) + value(3) + COARSE * value(50)
    looped = value(54) in {1, 3} and loop_end - loop_start > 1
    return Zone(
        keys=span[0],
        velocities=span[1],
        start=int(header["start"]) + value(0) + COARSE * value(4),
        end=int(header["end"]) + value(1) + COARSE * value(12),
        loop=(loop_start, loop_end) if looped else None,
        rate=int(header["rate"]),
        root=key - tuning,
        scale=value(56) / 100,
        gain=10 ** (-0.4 * value(48) / 200),  # 0.4: as in the EMU8000, which fonts expect
        pan=max(-1.0, min(1.0, value(17) / 500)),
        cutoff=8.176 * 2 ** (value(8) / 1200),
        sweep=value(11) / 1200,
        volume=envelope([value(kind) for kind in range(33, 39)], sustain=value(37) / 10),
        modulation=envelope(
            [value(kind) for kind in range(25, 31)],
            sustain=max(0.0, min(1.0, 1 - value(29) / 1000)),
        ),
    )


def envelope(cents: list[int], sustain: float) -> Envelope:
    """An envelope from six consecutive generators, of which the fifth is the sustain level."""
    delay, attack, hold, decay, _, release = (2 ** (amount / 1200) for amount in cents)
    return Envelope(delay, attack, hold, decay, sustain, release)
