"""A trial: everything that is compared on one excerpt, at one gain, measured and named blindly."""

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
Seeded = Callable[[str], np.random.Generator]  # by what it is for

REFERENCE = "reference"
SCALE = 2**15  # of 16-bit samples
BLIND = 12  # letters of a blind name
# Letters for hexadecimal digits: software that reads results takes 123e45 for a number.
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True)
class Stimulus:
    """One sound of a trial, still at the level it was made at."""

    condition: str  # "reference", an anchor's or a system's name
    role: Role
    signal: Signal


@dataclass(frozen=True)
class Lacking:
    """How an anchor differs from the reference: in energy, and in what can be heard of it.

    Little energy is not little to hear: a bass without its treble loses 0.1 % of its energy and
    all of its attacks. What is taken away counts as heard where its loudest 400 ms, at the level of
    the test, are over `anchors.audible` LUFS.
    """

    nsdr_db: float
    loudest: float | None  # LUFS of the difference, momentary, at the level of the test
    audible: bool


@dataclass(frozen=True)
class Trial:
    """One excerpt's stimuli; the reference is the first."""

    excerpt: Excerpt
    rate: int
    stimuli: tuple[Stimulus, ...]
    gains: tuple[float, ...]  # dB, one a stimulus; all the same under `gain: trial`
    lacking: Mapping[str, Lacking]  # what anchors near the reference take away, by anchor

    @property
    def dropped(self) -> dict[str, Lacking]:
        """Anchors that sound like the reference."""
        return {name: found for name, found in self.lacking.items() if not found.audible}

    @property
    def reference(self) -> Stimulus:
        return self.stimuli[0]


def generator(seed: int | str, *purpose: str) -> np.random.Generator:
    """Randomness of its own for each purpose: adding one changes no other."""
    digest = hashlib.sha256("|".join([str(seed), *purpose]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def blind(secret: str, *what: str) -> str:
    """A name that tells nothing to who does not know the secret."""
    hidden = hashlib.sha256(f"blind|{secret}".encode()).hexdigest()
    name = hashlib.sha256("|".join([hidden, *what]).encode()).hexdigest()[:BLIND]
    return name.translate(LETTERS)


def compose(
    config: ListeningConfig, excerpt: Excerpt, material: Material, estimates: Mapping[str, Signal]
) -> Trial:
    """Reference, anchors and systems of one excerpt, with the gains that level them."""
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
    """What an anchor takes away from its target."""
    target, rate = material.target, material.rate
    up = config.level.loudness - loudness(target, rate)
    loudest = float(lufs(momentary_power(target - anchor, rate)).max()) + up
    known = round(loudest, 1) if np.isfinite(loudest) else None
    return Lacking(round(nsdr_of_one(target, anchor), 1), known, loudest > config.anchors.audible)


def gains(config: ListeningConfig, stimuli: tuple[Stimulus, ...], rate: int) -> tuple[float, ...]:
    """Gains in dB, one a stimulus: to the wanted loudness, lowered alike if one peaks too high.

    BS.1534-3 wants one gain for all items of a trial; `stimulus` is Ward's way and hides errors of
    level, so the design sheet says which was used.
    """
    own = [loudness(stimulus.signal, rate) for stimulus in stimuli]
    heard = own if config.level.gain == "stimulus" else [own[0]] * len(own)
    wanted = [config.level.loudness - (now if np.isfinite(now) else own[0]) for now in heard]
    peaks = [true_peak(s.signal) + gain for s, gain in zip(stimuli, wanted, strict=True)]
    excess = max(0.0, max(peaks) - config.level.peak)
    return tuple(gain - excess for gain in wanted)


def rendered(signal: Signal, gain: float, fade: int, rng: np.random.Generator) -> tuple[Pcm, int]:
    """16-bit samples and how many of them clipped: gain in dB, faded ends, TPDF dither of +-1 LSB.

    `fade` is the length in samples of the raised cosine at either end.
    """
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    shaped = signal.astype(np.float64) * 10 ** (gain / 20)
    shaped[:, :fade] *= ramp
    shaped[:, -fade:] *= ramp[::-1]
    dither = rng.random(shaped.shape) - rng.random(shaped.shape)
    samples = np.rint(shaped * SCALE + dither)
    clipped = int(((samples > SCALE - 1) | (samples < -SCALE)).sum())
    return np.clip(samples, -SCALE, SCALE - 1).astype(np.int16), clipped
