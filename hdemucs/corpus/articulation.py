"""Syllables as curves: pitch, formants, and loudness of voice and noise, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from hdemucs.corpus.chance import chance
from hdemucs.corpus.phones import CONSONANTS, VOWELS, Band, Consonant
from hdemucs.corpus.score import Syllable

Curve = Float[np.ndarray, " frame"]

HOP = 0.0058  # seconds between frames
STEAL = 0.1  # seconds that an onset may take from the end of the syllable before
BREATH = (0.22, 0.42)  # seconds of a breath, and how long before its phrase it starts
BREATH_NOISE = (1900, 1500, -36)
FADE = 20  # frames over which a phrase fades out
NOISES = 3  # numbers that describe a noise band


@dataclass(frozen=True)
class Manner:
    """The characteristics of one singer."""

    tract: float  # factor on the formants; 1 is a man's vocal tract
    vibrato: float  # Hz
    depth: float  # cents
    scoop: float  # semitones below the first note of a phrase
    air: float  # dB of breath noise relative to the voice
    effort: float  # Hz from which the voice's spectrum falls faster
    ring: float  # dB of the singer's formant


@dataclass(frozen=True)
class Curves:
    """The curves of a whole line; one value per frame."""

    pitch: Curve  # Hz
    voice: Curve  # 0..1
    formants: Float[np.ndarray, "3 frame"]  # Hz
    noise: Float[np.ndarray, "3 frame"]  # Hz centre, Hz width, amplitude


class Pen:
    """Draws the curves of one line that lasts `seconds`."""

    def __init__(self, seconds: float, manner: Manner, rng: np.random.Generator) -> None:
        self.frames = int(seconds / HOP) + 2
        self.manner, self.rng = manner, rng
        self.key = np.full(self.frames, np.nan)
        self.voice = np.zeros(self.frames)
        self.formants = np.full((3, self.frames), np.nan)
        self.noise = np.zeros((NOISES, self.frames))
        self.noise[:2] = [[4000.0], [2000.0]]

    def line(self, syllables: list[Syllable]) -> Curves:
        before = 0.0  # end of what is drawn so far
        for syllable in syllables:
            if syllable.first and syllable.start - before > BREATH[1]:
                self.breath(syllable.start)
            self.syllable(syllable, before)
            before = syllable.start + syllable.length
        return self.curves(syllables)

    def breath(self, start: float) -> None:
        length = float(self.rng.uniform(*BREATH))
        first, last = self.span(start - 0.12 - length, start - 0.12)
        self.hiss(start - 0.12 - length, start - 0.12, BREATH_NOISE)
        self.noise[2, first:last] *= np.sin(np.linspace(0, np.pi, last - first)) ** 2

    def syllable(self, syllable: Syllable, before: float) -> None:
        """Draw one syllable: its onset before the beat, its vowel on it, its coda at the end."""
        place = next(i for i, phone in enumerate(syllable.phones) if phone in VOWELS)
        onset = [CONSONANTS[phone] for phone in syllable.phones[:place]]
        coda = [CONSONANTS[phone] for phone in syllable.phones[place + 1 :] if phone in CONSONANTS]
        end = syllable.start + syllable.length
        lasting = sum(phone.seconds for phone in coda)
        squeeze = min(1.0, 0.45 * syllable.length / lasting) if lasting else 1.0
        self.vowel(syllable.phones[place], syllable.start, end - lasting * squeeze)
        self.consonants(coda, end - lasting * squeeze, squeeze)
        lasting = sum(phone.seconds for phone in onset)
        room = max(0.0, syllable.start - before) + STEAL
        squeeze = min(1.0, room / lasting) if lasting else 1.0
        self.consonants(onset, syllable.start - lasting * squeeze, squeeze)
        first, last = self.span(syllable.start - lasting * squeeze, end)
        self.key[first:last] = syllable.key + syllable.cents / 100
        if syllable.first:
            self.key[first : first + 12] -= (
                self.manner.scoop * np.linspace(1, 0, 12)[: last - first]
            )
        if syllable.last:
            count = min(FADE, last - first)
            self.voice[last - count : last] *= np.linspace(1, 0, count)
        if syllable.last and chance(self.rng, 0.5):
            count = min(30, last - first)
            self.key[last - count : last] -= np.linspace(0, 2.5, count) ** 1.5

    def vowel(self, phone: str, start: float, end: float) -> None:
        first, last = self.span(start, end)
        vowel = VOWELS[phone]
        turn = np.clip(np.linspace(-0.8, 1.3, max(0, last - first)), 0, 1)
        for row, (here, there) in enumerate(zip(vowel.start, vowel.end, strict=True)):
            self.formants[row, first:last] = (here + (there - here) * turn) * self.manner.tract
        self.voice[first:last] = 1.0

    def consonants(self, phones: list[Consonant], start: float, squeeze: float) -> None:
        for phone in phones:
            end = start + phone.seconds * squeeze
            first, last = self.span(start, end)
            self.voice[first:last] = phone.voice
            for row, formant in enumerate(phone.formants):
                self.formants[row, first:last] = formant * self.manner.tract
            if phone.noise is not None:
                self.noise[2, first:last] = 0.0
                self.hiss(start + phone.closure * (end - start), end, phone.noise)
            start = end

    def hiss(self, start: float, end: float, band: Band) -> None:
        first, last = self.span(start, end)
        self.noise[0, first:last], self.noise[1, first:last] = band[:2]
        self.noise[2, first:last] = 10 ** (band[2] / 20)

    def span(self, start: float, end: float) -> tuple[int, int]:
        first, last = (int(np.clip(round(time / HOP), 0, self.frames)) for time in (start, end))
        return first, max(first, last)

    def curves(self, syllables: list[Syllable]) -> Curves:
        """All curves with smooth corners: formants over 65 ms, pitch over 90, loudness over 20."""
        key = gaussian_filter1d(filled(self.key), 0.09 / HOP / 4)
        key = key + self.vibrato(syllables) + self.drift()
        return Curves(
            pitch=440 * 2 ** ((key - 69) / 12),
            voice=gaussian_filter1d(self.voice * self.accent(), 0.02 / HOP / 2),
            formants=gaussian_filter1d(filled(self.formants), 0.065 / HOP / 4, axis=1),
            noise=np.stack([*self.noise[:2], gaussian_filter1d(self.noise[2], 0.012 / HOP / 2)]),
        )

    def vibrato(self, syllables: list[Syllable]) -> Curve:
        """The vibrato in semitones; in each note it begins after 0.2 s."""
        depth = np.zeros(self.frames)
        for syllable in syllables:
            first, last = self.span(syllable.start, syllable.start + syllable.length)
            age = np.arange(last - first) * HOP
            depth[first:last] = np.clip((age - 0.2) / 0.25, 0, 1) * self.manner.depth / 100
        rate = self.manner.vibrato * (1 + 0.05 * self.wander(0.4))
        return depth * np.sin(2 * np.pi * np.cumsum(rate) * HOP)

    def drift(self) -> Curve:
        return 0.12 * self.wander(0.25)

    def accent(self) -> Curve:
        """Slow changes of loudness over the line."""
        return 10 ** (1.8 * self.wander(0.3) / 20)

    def wander(self, seconds: float) -> Curve:
        """Smooth random values of unit variance."""
        noise = gaussian_filter1d(self.rng.normal(size=self.frames), seconds / HOP)
        return noise / (noise.std() + 1e-9)


def filled(values: np.ndarray) -> np.ndarray:
    """Replace NaN by linear interpolation between neighbours, along the last axis."""
    rows = np.atleast_2d(values).copy()
    for row in rows:
        known = np.flatnonzero(~np.isnan(row))
        row[:] = np.interp(np.arange(len(row)), known, row[known]) if len(known) else 60.0
    return rows.reshape(values.shape)
