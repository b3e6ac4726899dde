"""The bass player: one figure per bar, from the chord's root."""

from __future__ import annotations

import numpy as np

from hdemucs.corpus.chance import chance
from hdemucs.corpus.form import Frame
from hdemucs.corpus.score import Note, Section

# (step, length in steps, semitones above the root)
Figure = tuple[tuple[int, int | float, int], ...]
FIGURES: dict[str, tuple[Figure, ...]] = {
    "eighths": (tuple((step, 1.8, 0) for step in range(0, 16, 2)),),
    "roots": (((0, 6, 0), (6, 2, 0), (8, 6, 0), (14, 2, 7)), ((0, 7.5, 0), (8, 7.5, 0))),
    "kick": (((0, 3, 0), (6, 2, 0), (8, 2, 0), (10, 4, 0)), ((0, 2, 0), (3, 2, 0), (10, 5, 0))),
    "offbeat": (tuple((step, 1.6, 0) for step in range(2, 16, 4)),),
    "octaves": (tuple((step, 1.5, 12 * (step // 2 % 2)) for step in range(0, 16, 2)),),
    "syncopated": (
        ((0, 2, 0), (3, 1, 12), (6, 1.5, 10), (8, 1, 0), (11, 1, 7), (13, 1, 10), (14, 2, 12)),
        ((0, 1.5, 0), (2, 1, 0), (7, 2, 7), (10, 2, 0), (13, 2, 5)),
    ),
    "long": (((0, 15, 0),), ((0, 11, 0), (12, 3.5, 7)), ((0, 10, 0), (10, 5, 0))),
    "fifths": (((0, 7, 0), (8, 7, 7)), ((0, 7, 0), (8, 4, 7), (12, 3, 4))),
    "dub": (((0, 3, 0), (4, 2, 7), (7, 3, 12), (12, 2, 7)), ((2, 2, 0), (6, 4, 0), (11, 3, -5))),
    "tumbao": (((3, 3, 7), (6, 5, 12), (12, 4, 0)), ((0, 3, 0), (3, 3, 7), (12, 4, 12))),
}
LOWEST = 28  # E1
TIMING = 0.005  # seconds, standard deviation


def play(frame: Frame, rng: np.random.Generator) -> list[Note]:
    """The notes of all bars in which the bass plays."""
    names = [str(rng.choice(frame.style.bass_figures)) for _ in range(2)]
    notes: list[Note] = []
    for section in frame.sections:
        if "bass" in section.playing:
            figures = FIGURES[names[section.kind in {"chorus", "solo"}]]
            for bar in range(section.bars):
                notes += bar_of(frame, section, bar, figures, rng)
    return notes


def bar_of(
    frame: Frame,
    section: Section,
    bar: int,
    figures: tuple[Figure, ...],
    rng: np.random.Generator,
) -> list[Note]:
    """The notes of one bar; the last one may lead to the next root by a step of the scale."""
    figure = figures[int(rng.integers(len(figures)))]
    root = rooted(section.chords[bar][0])
    following = rooted(section.chords[(bar + 1) % section.bars][0])
    notes = []
    for place, (step, length, interval) in enumerate(figure):
        key = root + interval
        if place == len(figure) - 1 and following != root and chance(rng, 0.3):
            key = following + int(rng.choice((-2, -1, 2)))
        start = frame.time(section.bar + bar, step) + rng.normal(0, TIMING)
        velocity = int(np.clip(rng.normal(100 if step % 4 == 0 else 88, 7), 40, 127))
        if not chance(rng, 0.04) or step == 0:
            notes.append(Note(max(0.0, start), length * frame.step * 0.95, key, velocity, 0.0, 0.2))
    return notes


def rooted(key: int) -> int:
    """The key's root in the lowest octave of the bass."""
    return (key - LOWEST) % 12 + LOWEST
