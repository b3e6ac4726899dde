"""A trial: all that is compared for one excerpt, with gains, measurements and blind names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int16

from hdemucs.audio import Signal
from hdemucs.config.listening import ListeningConfig
from hdemucs.listening.excerpts import Excerpt
from hdemucs.listening.stimuli.anchors import RECIPES, Material
from hdemucs.loudness import loudness, lufs, momentary_power, true_peak
from hdemucs.metrics.one_source import nsdr_of_one

Role = Literal["reference", "anchor", "system"]
Pcm = Int16[np.ndarray, "channel sample"]
Seeded = Callable[[str], np.random.Generator]  # makes a generator for a purpose

REFERENCE = "reference"
SCALE = 2**15  # full scale of 16-bit samples
BLIND = 12  # characters of a blind name
# Letters in place of hexadecimal digits, since software that reads results takes 123e45 for a
# number.
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True)
class Stimulus:
    """One sound of a trial, at its original level."""

    condition: str  # "reference", or the name of an anchor or a system
    role: Role
    signal: Signal


@dataclass(frozen=True)
class Lacking:
    """How an anchor differs from the reference: its energy, and how audible the difference is.

    Little energy can be very audible: a bass without its treble loses 0.1 % of its energy and all
    of its attacks. A difference counts as audible if its loudest 400 ms, at the test's level, are
    above `anchors.audible` LUFS.
    """

    nsdr_db: float
    loudest: float | None  # momentary LUFS of the difference, at the test's level
    audible: bool


@dataclass(frozen=True)
class Trial:
    """The stimuli for one excerpt; the first is the reference."""

    excerpt: Excerpt
    rate: int
    stimuli: tuple[Stimulus, ...]
    gains: tuple[float, ...]  # dB, one per stimulus; all equal with `gain: trial`
    lacking: Mapping[str, Lacking]  # the differences of anchors near the reference, by anchor

    @property
    def dropped(self) -> dict[str, Lacking]:
        """The anchors that sound like the reference."""
        return {name: found for name, found in self.lacking.items() if not found.audible}

    @property
    def reference(self) -> Stimulus:
        return self.stimuli[0]


def generator(seed: int | str, *purpose: str) -> np.random.Generator:
    """An independent generator for each purpose, so that adding one does not change others."""
    digest = hashlib.sha256("|".join([str(seed), *purpose]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def blind(secret: str, *what: str) -> str:
    """A name that says nothing to those who do not know the secret."""
    hidden = hashlib.sha256(f"blind|{secret}".encode()).hexdigest()
    name = hashlib.sha256("|".join([hidden, *what]).encode()).hexdigest()[:BLIND]
    return name.translate(LETTERS)


def compose(
    config: ListeningConfig, excerpt: Excerpt, material: Material, estimates: Mapping[str, Signal]
) -> Trial:
    """The reference, anchors and systems for one excerpt, with their gains."""
    made: dict[str, Signal] = {
        name: RECIPES[name](material, config.anchors, generator(config.seed, excerpt.id, name))
        for name in config.anchors.names
    }
    lacking = {name: lacks(config, material, signal) for name, signal in made.items()}
    near = {name: of for name, of in lacking.items() if of.nsdr_db > config.anchors.transparent}
    kept = [name for name in made if name not in near or near[name].audible]
    anchors = [Stimulus(name, "anchor", made[name]) for name in kept]
    systems = [Stimulus(name, "system", signal) for name, signal in estimates.items()]
    stimuli = (Stimulus(REFERENCE, "reference", material.target), *anchors, *systems)
    return Trial(excerpt, material.rate, stimuli, gains(config, stimuli, material.rate), near)


def lacks(config: ListeningConfig, material: Material, anchor: Signal) -> Lacking:
    """The difference between an anchor and its target."""
    target, rate = material.target, material.rate
    up = config.level.loudness - loudness(target, rate)
    loudest = float(lufs(momentary_power(target - anchor, rate)).max()) + up
    known = round(loudest, 1) if np.isfinite(loudest) else None
    return Lacking(round(nsdr_of_one(target, anchor), 1), known, loudest > config.anchors.audible)


def gains(config: ListeningConfig, stimuli: tuple[Stimulus, ...], rate: int) -> tuple[float, ...]:
    """Gains in dB, one per stimulus, for the wanted loudness; lowered equally if a peak is too
    high.

    BS.1534-3 wants one gain for all stimuli of a trial. `stimulus` is the way of Ward et al. and
    hides errors of level, so the design sheet says which one was used.
    """
    own = [loudness(stimulus.signal, rate) for stimulus in stimuli]
    heard = own if config.level.gain == "stimulus" else [own[0]] * len(own)
    wanted = [config.level.loudness - (now if np.isfinite(now) else own[0]) for now in heard]
    peaks = [true_peak(s.signal) + gain for s, gain in zip(stimuli, wanted, strict=True)]
    excess = max(0.0, max(peaks) - config.level.peak)
    return tuple(gain - excess for gain in wanted)


def rendered(signal: Signal, gain: float, fade: int, rng: np.random.Generator) -> tuple[Pcm, int]:
    """16-bit samples, and how many of them clipped: gain in dB, faded ends, TPDF dither of +-1 LSB.

    `fade` is the number of samples of the raised cosine at either end.
    """
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    shaped = signal.astype(np.float64) * 10 ** (gain / 20)
    shaped[:, :fade] *= ramp
    shaped[:, -fade:] *= ramp[::-1]
    dither = rng.random(shaped.shape) - rng.random(shaped.shape)
    samples = np.rint(shaped * SCALE + dither)
    clipped = int(((samples > SCALE - 1) | (samples < -SCALE)).sum())
    return np.clip(samples, -SCALE, SCALE - 1).astype(np.int16), clipped
