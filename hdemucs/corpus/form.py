"""The form of a song: tempo, sections, who plays in each, and their chords."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hdemucs.corpus.chance import chance
from hdemucs.corpus.score import Section
from hdemucs.corpus.styles import MAJOR, MINOR, PROGRESSIONS, Style

SOURCES = ("drums", "bass", "other", "vocals")
MELODIC = ("bass", "other", "vocals")

# The probability of each source to play in a section.
PRESENCE = {
    "intro": {"drums": 0.6, "bass": 0.4, "other": 0.9, "vocals": 0.12},
    "verse": {"drums": 0.95, "bass": 0.88, "other": 0.96, "vocals": 1.0},
    "chorus": {"drums": 1.0, "bass": 1.0, "other": 1.0, "vocals": 1.0},
    "break": {"drums": 0.5, "bass": 0.4, "other": 0.85, "vocals": 0.3},
    "solo": {"drums": 1.0, "bass": 0.95, "other": 1.0, "vocals": 0.0},
    "outro": {"drums": 0.65, "bass": 0.6, "other": 0.95, "vocals": 0.2},
}

TAIL = 1.0  # seconds (5 % of a short song) in which the last notes fade


@dataclass(frozen=True)
class Frame:
    """Time, key and sections of a song, for which all parts are written."""

    style: Style
    length: float  # seconds
    beat: float  # seconds
    swing: float  # share of a step
    tonic: int  # MIDI key, 48..59
    scale: tuple[int, ...]
    sections: list[Section]

    @property
    def step(self) -> float:
        return self.beat / 4

    def time(self, bar: int, step: int) -> float:
        """The time in seconds; every second step is delayed by the swing."""
        late = self.swing * self.step if step % 2 == 1 else 0.0
        return bar * 4 * self.beat + step * self.step + late


def framed(style: Style, seconds: float, rng: np.random.Generator) -> Frame:
    """The frame of a song of whole bars that fills the length; the tempo is adjusted a little."""
    wanted = 4 * 60 / rng.uniform(*style.tempo)
    room = seconds - min(TAIL, 0.05 * seconds)
    bars = max(1, round(room / wanted))
    scale = MINOR if chance(rng, style.minor) else MAJOR
    tonic = int(rng.integers(48, 60))
    verse, chorus = rng.permutation(len(PROGRESSIONS[scale]))[:2]
    progressions = {"verse": PROGRESSIONS[scale][verse], "chorus": PROGRESSIONS[scale][chorus]}
    chord_size = 4 if chance(rng, style.sevenths) else 3
    sections, first = [], 0
    for kind, count in form(bars, rng):
        degrees = progressions["chorus" if kind in {"chorus", "solo"} else "verse"]
        chords = tuple(
            chord(tonic, scale, degrees[bar % len(degrees)], chord_size) for bar in range(count)
        )
        sections.append(Section(kind, first, count, playing(kind, rng), chords))
        first += count
    swing = float(rng.uniform(*style.swing))
    return Frame(style, seconds, room / bars / 4, swing, tonic, scale, sections)


def form(bars: int, rng: np.random.Generator) -> list[tuple[str, int]]:
    """Kinds of sections with their numbers of bars; a song of few bars is one chorus."""
    if bars < 6:  # noqa: PLR2004  too few for sections
        return [("chorus", bars)]
    unit = 2 if bars < 14 else 4 if bars < 48 else 8  # noqa: PLR2004  bars in a verse
    middle = str(rng.choice(["break", "solo"]))
    cycle = [("verse", unit), ("chorus", unit), (middle, unit // 2)]
    ends = max(1, unit // 2)
    out, left, turn = [("intro", ends)], bars - 2 * ends, int(rng.integers(2))
    while left > 0:
        kind, count = cycle[turn % len(cycle)]
        out.append((kind, min(count, left)))
        left -= count
        turn += 1
    return [*out, ("outro", ends)]


def playing(kind: str, rng: np.random.Generator) -> frozenset[str]:
    """The sources that play in a section; at least one of them is melodic."""
    chosen = [source for source in SOURCES if chance(rng, PRESENCE[kind][source])]
    if not set(chosen) & set(MELODIC):
        chosen.append("other")
    return frozenset(chosen)


def chord(tonic: int, scale: tuple[int, ...], degree: int, size: int) -> tuple[int, ...]:
    """A chord of thirds on a degree; its root is in the octave above the tonic."""
    keys = []
    for third in range(size):
        octave, place = divmod(degree + 2 * third, len(scale))
        keys.append(tonic + 12 * octave + scale[place])
    return tuple(keys)


def voiced(keys: tuple[int, ...], center: int) -> list[int]:
    """The chord's keys, moved by octaves to within about a fifth of `center`."""
    return sorted((key - center + 6) % 12 + center - 6 for key in keys)
