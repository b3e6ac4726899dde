"""The layers of the "other" stem: rhythmic chords, broken chords, and instrumental melodies."""

from __future__ import annotations

import numpy as np

from hdemucs.corpus.chance import chance
from hdemucs.corpus.form import Frame, voiced
from hdemucs.corpus.score import Layer, Note, Section
from hdemucs.corpus.styles import TIMBRES, Timbre

# (step, length in steps) of whole chords.
FIGURES: dict[str, tuple[tuple[tuple[int, float], ...], ...]] = {
    "hold": (((0, 15.8),), ((0, 7.8), (8, 7.8))),
    "eighths": (tuple((step, 1.9) for step in range(0, 16, 2)), ((0, 5.5), (6, 1.8), (8, 7.5))),
    "strum": (((0, 3.5), (4, 1.8), (6, 2), (8, 1.5), (10, 2), (12, 1.8), (14, 2)),),
    "comp": (((0, 5), (6, 4), (11, 4)), tuple((step, 3.5) for step in (0, 4, 8, 12))),
    "offbeat": (((2, 1.5), (6, 1.5), (10, 1.5), (14, 1.5)), ((3, 1), (6, 1.5), (11, 1), (14, 1))),
    "funk": (((0, 0.8), (3, 0.6), (5, 0.6), (6, 1), (10, 0.8), (13, 0.6), (15, 0.6)),),
    "skank": (((4, 1.2), (12, 1.2)), ((2, 0.9), (6, 0.9), (10, 0.9), (14, 0.9))),
    "stabs": (((0, 1.2), (6, 1.5)), ((10, 1.2), (12, 3)), ((3, 1), (6, 1)), ()),
}  # fmt: skip
BROKEN = {"pick": 2, "arp": 1}  # steps between the notes of a broken chord
STEPS = 16  # per bar
STRUM = 0.011  # seconds between the strings of a strummed chord
TIMING = 0.005


def play(frame: Frame, rng: np.random.Generator) -> list[Layer]:
    """One layer from each pool; the first always plays, the others only in some sections."""
    drawn = [str(rng.choice(pool)) for pool in frame.style.layers]
    layers = [layer(frame, name, place, rng) for place, name in enumerate(dict.fromkeys(drawn))]
    return [layer for layer in layers if layer.notes]


def layer(frame: Frame, name: str, place: int, rng: np.random.Generator) -> Layer:
    timbre = TIMBRES[name]
    notes: list[Note] = []
    for section in frame.sections:
        if "other" in section.playing and wanted(place, section, rng):
            notes += PLAYERS.get(timbre.figure, chords)(frame, section, timbre, rng)
    return Layer(name, int(rng.choice(timbre.programs)), notes, timbre.doubled)


def wanted(place: int, section: Section, rng: np.random.Generator) -> bool:
    full = section.kind in {"chorus", "solo"}
    return place == 0 or chance(rng, 0.9 if full else 0.5)


def chords(frame: Frame, section: Section, timbre: Timbre, rng: np.random.Generator) -> list[Note]:
    """Whole chords in one rhythm per section; their notes do not start exactly together."""
    rhythms = FIGURES[timbre.figure]
    rhythm = rhythms[int(rng.integers(len(rhythms)))]
    spread = STRUM if timbre.figure == "strum" else 0.002
    notes = []
    for bar, keys in enumerate(section.chords):
        for step, length in rhythm:
            if chance(rng, 0.05):
                continue
            start = frame.time(section.bar + bar, step) + rng.normal(0, TIMING)
            level = rng.normal(92 if step % 4 == 0 else 80, 6)
            for string, key in enumerate(voicing(keys, timbre)):
                notes.append(
                    Note(
                        max(0.0, start + spread * string),
                        length * frame.step,
                        key,
                        int(np.clip(level + rng.normal(0, 4), 30, 127)),
                    )
                )
    return notes


def voicing(keys: tuple[int, ...], timbre: Timbre) -> list[int]:
    """Root, fifth and octave for distorted guitars; else the chord near the timbre's centre."""
    if timbre.drive >= 1:
        root = (keys[0] - timbre.center + 5) % 12 + timbre.center - 5
        return [root, root + 7, root + 12]
    close = voiced(keys, timbre.center)
    return [*close, close[0] + 12] if timbre.figure == "strum" else close


def broken(frame: Frame, section: Section, timbre: Timbre, rng: np.random.Generator) -> list[Note]:
    """The notes of chords one after the other, in a pattern that is kept for the section."""
    pace = BROKEN[timbre.figure]
    pattern = rng.integers(0, 5, size=8)
    notes = []
    for bar, keys in enumerate(section.chords):
        tones = [*voiced(keys, timbre.center), *(k + 12 for k in voiced(keys, timbre.center))]
        for place, step in enumerate(range(0, 16, pace)):
            start = frame.time(section.bar + bar, step) + rng.normal(0, TIMING)
            key = tones[int(pattern[place % len(pattern)])]
            velocity = int(np.clip(rng.normal(96 if step % 4 == 0 else 80, 7), 30, 127))
            notes.append(Note(max(0.0, start), pace * frame.step * 1.4, key, velocity))
    return notes


def melody(frame: Frame, section: Section, timbre: Timbre, rng: np.random.Generator) -> list[Note]:
    """Short answers in the pauses of a verse, longer lines in a solo."""
    notes = []
    dense = section.kind in {"solo", "intro"}
    for bar, keys in enumerate(section.chords):
        if not dense and bar % 2 == 0:
            continue
        step = 0 if dense else 8
        while step < STEPS:
            length = int(rng.choice((1, 2, 2, 3, 4)))
            tones = voiced(keys, timbre.center)
            key = tones[int(rng.integers(len(tones)))]
            if chance(rng, 0.35):
                key = scale_step(frame, key, int(rng.choice((-1, 1))))
            if not chance(rng, 0.15):
                start = frame.time(section.bar + bar, step) + rng.normal(0, TIMING)
                velocity = int(np.clip(rng.normal(98, 8), 30, 127))
                notes.append(Note(max(0.0, start), length * frame.step * 0.95, key, velocity))
            step += length
    return notes


def scale_step(frame: Frame, key: int, direction: int) -> int:
    """The next key of the scale, upwards or downwards."""
    key += direction
    while (key - frame.tonic) % 12 not in frame.scale:
        key += direction
    return key


PLAYERS = {"pick": broken, "arp": broken, "melody": melody}
