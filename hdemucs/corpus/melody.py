"""The lead vocal: phrases of two bars over the chords, their words, and the backing vocals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hdemucs.corpus.chance import chance
from hdemucs.corpus.form import Frame, voiced
from hdemucs.corpus.layers import scale_step
from hdemucs.corpus.lexicon import LEXICON
from hdemucs.corpus.score import Note, Section, Syllable

PHRASE = 2  # bars
SYLLABLE = 0.15  # seconds of the shortest one
TIMING = 0.012  # seconds, standard deviation
LEAP = 4  # semitones: the melody moves to the nearest chord tone within this if there is one

Motif = list[tuple[int, int]]  # (step, length in steps) within a phrase


class Singer:
    """Writes one song's vocal lines around the middle of a vocal range."""

    def __init__(self, frame: Frame, middle: int, rng: np.random.Generator) -> None:
        self.frame, self.middle, self.rng = frame, middle, rng
        self.shortest = math.ceil(SYLLABLE / frame.step)
        self.motifs = {kind: self.motif(kind) for kind in ("verse", "chorus")}
        self.words = list(LEXICON.values())

    def motif(self, kind: str) -> Motif:
        """A rhythm that ends with a rest; a chorus has longer notes."""
        rng, steps = self.rng, PHRASE * 16
        place = int(rng.choice((0, 2, 4)))
        stop = int(rng.integers(16, 24))
        out: Motif = []
        while place < stop:
            choices = (1, 2, 2, 3, 4) if kind == "chorus" else (1, 1, 2, 2, 3)
            length = max(self.shortest, int(rng.choice(choices)))
            out.append((place, length))
            place += length
        final = int(rng.integers(3, 7))
        return [*out, (place, min(final, steps - place - 2))]

    def sing(self) -> list[Syllable]:
        """The lead's line; if all phrases would be rests, the first one is sung."""
        places = [
            (section, first)
            for section in self.frame.sections
            if "vocals" in section.playing
            for first in range(0, section.bars, PHRASE)
        ]
        line: list[Syllable] = []
        for section, first in places:
            if not self.rests(section):
                line += self.phrase(section, first)
        return monophonic(line or self.phrase(*places[0]))

    def rests(self, section: Section) -> bool:
        """Whether the singer leaves a phrase of the section out."""
        quiet = section.kind in {"intro", "break", "outro"}
        return chance(self.rng, 0.4 if quiet else 0.06) and section.bars > PHRASE

    def phrase(self, section: Section, first: int) -> list[Syllable]:
        """One phrase; syllables that do not fit into the section are left out."""
        motif = self.motifs["chorus" if section.kind == "chorus" else "verse"]
        room = (section.bars - first) * 16
        motif = [(step, length) for step, length in motif if step + length <= room]
        texts = self.text(len(motif))
        key, out = self.middle + int(self.rng.integers(-4, 3)), []
        for place, (step, length) in enumerate(motif):
            key = self.next_key(section.chords[first + step // 16], key, step)
            start = self.frame.time(section.bar + first, step) + self.rng.normal(0, TIMING)
            final = place == len(motif) - 1
            seconds = length * self.frame.step * (0.97 if not final else 1.0)
            out.append(
                Syllable(max(0.05, start), seconds, key, texts[place], place == 0, last=final)
            )
        return out

    def text(self, count: int) -> list[tuple[str, ...]]:
        """Syllables of random words, until there are enough."""
        out: list[tuple[str, ...]] = []
        while len(out) < count:
            out += self.words[int(self.rng.integers(len(self.words)))]
        return out[:count]

    def next_key(self, chord: tuple[int, ...], key: int, step: int) -> int:
        """The next key: chord tones on strong steps, scale steps between them, tending to the
        middle.
        """
        if step % 4 == 0 or chance(self.rng, 0.3):
            target = key + int(np.clip(np.rint((self.middle - key) * 0.35), -3, 3))
            target += int(self.rng.integers(-LEAP, LEAP + 1))
            tones = [tone for octave in (-6, 6) for tone in voiced(chord, self.middle + octave)]
            return min(tones, key=lambda tone: abs(tone - target))
        upwards = chance(self.rng, 0.5 - 0.06 * (key - self.middle))
        return scale_step(self.frame, key, 1 if upwards else -1)


def monophonic(line: list[Syllable]) -> list[Syllable]:
    """End each syllable before the next one begins."""
    out = []
    for syllable, following in zip(line, [*line[1:], None], strict=True):
        room = syllable.length if following is None else following.start - syllable.start
        if room > 0.05:  # noqa: PLR2004  a phone is longer
            out.append(replace(syllable, length=min(syllable.length, room)))
    return out


def chorus_of(frame: Frame, line: list[Syllable]) -> list[Syllable]:
    """The part of a line that is in choruses."""
    bar = 4 * frame.beat
    spans = [
        (section.bar * bar, (section.bar + section.bars) * bar)
        for section in frame.sections
        if section.kind == "chorus"
    ]
    return [s for s in line if any(first <= s.start < last for first, last in spans)]


def harmonised(frame: Frame, line: list[Syllable]) -> list[Syllable]:
    """The same words, a third of the scale higher."""
    return [replace(s, key=scale_step(frame, scale_step(frame, s.key, 1), 1)) for s in line]


def doubled(line: list[Syllable], rng: np.random.Generator) -> list[Syllable]:
    """The line sung a second time, with small differences in time and pitch."""
    return [
        replace(s, start=max(0.05, s.start + rng.normal(0, 0.012)), cents=float(rng.normal(0, 7)))
        for s in line
    ]


def choir(frame: Frame, rng: np.random.Generator) -> list[Note]:
    """Held chords in the background of the choruses."""
    notes = []
    for section in frame.sections:
        if section.kind == "chorus" and "vocals" in section.playing:
            for bar, keys in enumerate(section.chords):
                start = frame.time(section.bar + bar, 0)
                for key in voiced(keys, 64):
                    velocity = int(np.clip(rng.normal(84, 5), 30, 127))
                    notes.append(Note(start, 3.9 * frame.beat, key, velocity))
    return notes
