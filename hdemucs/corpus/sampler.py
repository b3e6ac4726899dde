"""Play notes with the samples of a SoundFont, without aliasing at any sample rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.signal import firwin, lfilter, oaconvolve

from hdemucs.corpus.score import Note
from hdemucs.corpus.soundfont import SoundFont
from hdemucs.corpus.zones import Envelope, Zone

Mono = Float[np.ndarray, " sample"]
Stereo = Float[np.ndarray, "2 sample"]

DRUMS = 128  # the bank of drum kits
VELOCITY_STEP = 12  # notes whose velocities differ by less may share one rendering
STEPS_PER_OCTAVE = 4  # cutoffs of the anti-alias filter
LAST_DB = 100.0  # dB: decays are given as the time to fall by this much
GUARD = 4  # samples behind a loop that the interpolation needs


@dataclass(frozen=True)
class Sampler:
    """Plays parts at `rate` Hz."""

    font: SoundFont
    rate: int

    def play(self, notes: list[Note], bank: int, program: int, length: int) -> Stereo:
        """All notes of one instrument, mixed: [2, length]."""
        out = np.zeros((2, length))
        longest: dict[tuple[int, int, float], float] = {}
        for note in notes:
            longest[tone(note)] = max(longest.get(tone(note), 0.0), note.length)
        for (key, velocity, cents), seconds in longest.items():
            for zone in self.font.zones(bank, program, key, velocity):
                held = self.held(zone, key + cents / 100, seconds)
                for note in notes:
                    if tone(note) == (key, velocity, cents):
                        self.place(out, held, zone, note)
        return out

    def place(self, out: Stereo, held: Float[np.ndarray, " held"], zone: Zone, note: Note) -> None:
        """Add one note to `out` at its time, with its length, release and loudness."""
        start = round(note.start * self.rate)
        release = min(zone.volume.release, note.release or zone.volume.release)
        gate = round(note.length * self.rate)
        fade = max(1, round(min(release, 3.0) * 0.6 * self.rate))  # to -60 dB
        sound = held[: gate + fade].copy()
        tail = sound[gate:]
        tail *= (
            10 ** (-LAST_DB / 20 * np.arange(len(tail)) / (fade / 0.6))
            * np.linspace(1, 0, fade)[: len(tail)]
        )
        sound = sound[: max(0, out.shape[1] - start)]
        angle = (zone.pan + 1) * np.pi / 4
        loudness = zone.gain * (note.velocity / 127) ** 2
        out[0, start : start + len(sound)] += sound * (loudness * np.cos(angle))
        out[1, start : start + len(sound)] += sound * (loudness * np.sin(angle))

    def held(self, zone: Zone, key: float, seconds: float) -> Mono:
        """A note at full loudness, held for `seconds` plus the time of its release."""
        count = round((seconds + min(zone.volume.release, 3.0) * 0.6) * self.rate) + 1
        wave = self.wave(zone, key, count)
        times = np.arange(len(wave)) / self.rate
        wave = lowpassed(wave, zone, self.rate)
        return wave * loudness_of(zone.volume, times)

    def wave(self, zone: Zone, key: float, count: int) -> Mono:
        """The sample at the key's pitch, looped, with cubic Hermite interpolation (Catmull-Rom)."""
        step = zone.rate / self.rate * 2 ** ((key - zone.root) * zone.scale / 12)
        octaves = int(np.ceil(STEPS_PER_OCTAVE * np.log2(step) - 1e-9))
        data, loop = prepared(self.font, zone.start, zone.end, zone.loop, max(0, octaves))
        place = np.arange(count) * step
        if loop is None:
            place = place[: max(0, int((len(data) - GUARD) / step))]
        else:
            beyond = place >= loop[1]
            place[beyond] = loop[0] + (place[beyond] - loop[0]) % (loop[1] - loop[0])
        index = place.astype(np.int64)
        t = place - index
        before, here, after, last = (data[index + k] for k in range(4))  # 1 sample is in front
        slope = 0.5 * (after - before)
        slope_after = 0.5 * (last - here)
        rise = here - after
        return here + t * (
            slope + t * (-3 * rise - 2 * slope - slope_after + t * (2 * rise + slope + slope_after))
        )


def tone(note: Note) -> tuple[int, int, float]:
    """What two notes must have in common to share a rendering."""
    velocity = round(note.velocity / VELOCITY_STEP) * VELOCITY_STEP
    return note.key, max(1, min(127, velocity)), note.cents


@lru_cache(maxsize=512)
def prepared(
    font: SoundFont, start: int, end: int, loop: tuple[int, int] | None, octaves: int
) -> tuple[Mono, tuple[int, int] | None]:
    """A sample with its loop repeated once, low-passed for a step of 2**(octaves / 4).

    One sample is added in front and several at the end, so that interpolation needs no bounds.
    Playback loops inside the repetition, where the filter's output depends on the loop only.
    """
    taps = 2 * round(24 * 2 ** (octaves / STEPS_PER_OCTAVE)) + 1
    if loop is None:
        data = np.concatenate([font.samples[start:end], np.zeros(GUARD + taps)])
        region = None
    else:
        body, around = font.samples[start : loop[1]], font.samples[loop[0] : loop[1]]
        size = len(around)
        passes = -(-(2 * taps + GUARD) // size) + 2
        data = np.concatenate([body, np.tile(around, passes)])
        first = len(body) + size * (-(-taps // size))
        region = (first, first + size)
    if octaves > 0:
        cutoff = 0.94 * 2 ** (-octaves / STEPS_PER_OCTAVE)
        data = oaconvolve(data, firwin(taps, cutoff, window=("kaiser", 7.0)), mode="same")
    return np.concatenate([[0.0], data]), region


def loudness_of(envelope: Envelope, times: Mono) -> Mono:
    """A linear attack, then a fall that is linear in dB, down to the sustain level."""
    after = times - envelope.delay
    attack = np.clip(after / envelope.attack, 0, 1)
    falling = np.maximum(0, after - envelope.attack - envelope.hold)
    fall = np.minimum(LAST_DB * falling / envelope.decay, min(envelope.sustain, LAST_DB))
    return attack * 10 ** (-fall / 20)


def lowpassed(wave: Mono, zone: Zone, rate: int) -> Mono:
    """Apply the zone's two-pole low-pass, whose cutoff follows the modulation envelope.

    Cutoffs are held for 128 samples at first, then longer and longer, as the envelope slows down.
    """
    edges = [0]
    while edges[-1] < len(wave):
        edges.append(edges[-1] + min(2048, max(128, edges[-1] // 8)))
    times = np.array(edges[:-1]) / rate
    cutoffs = zone.cutoff * 2 ** (zone.sweep * modulation_of(zone.modulation, times))
    if not len(times) or cutoffs.min() >= 0.42 * rate:
        return wave
    out, state = np.empty_like(wave), np.zeros(2)
    for first, last, cutoff in zip(edges, edges[1:], cutoffs, strict=False):
        b, a = two_poles(round(float(np.log2(cutoff)) * 24), rate)
        out[first:last], state = lfilter(b, a, wave[first:last], zi=state)
    return out


@lru_cache(maxsize=1024)
def two_poles(pitch: int, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """A Butterworth low-pass at 2**(pitch / 24) Hz (bilinear transform)."""
    k = np.tan(np.pi * min(2 ** (pitch / 24) / rate, 0.45))
    norm = 1 / (1 + np.sqrt(2) * k + k * k)
    b = np.array([k * k, 2 * k * k, k * k]) * norm
    return b, np.array([1.0, 2 * (k * k - 1) * norm, (1 - np.sqrt(2) * k + k * k) * norm])


def modulation_of(envelope: Envelope, times: Mono) -> Mono:
    """From 0 to 1: a linear attack (for a convex one), a linear decay to the sustain level."""
    after = times - envelope.delay
    rise = np.clip(after / envelope.attack, 0, 1)
    falling = np.maximum(0, after - envelope.attack - envelope.hold)
    return rise * np.maximum(1 - falling / envelope.decay, envelope.sustain)
