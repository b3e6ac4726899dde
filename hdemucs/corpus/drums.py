"""The drummer: grooves, fills and crashes, with small random differences in time and force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hdemucs.corpus.chance import chance
from hdemucs.corpus.form import Frame
from hdemucs.corpus.score import Note, Section
from hdemucs.corpus.styles import Groove

VELOCITIES = {"X": 118, "O": 100, "x": 94, "o": 52}
KEYS = {"kick": (36, 35), "snare": (38, 40), "percussion": (54, 56, 63, 69, 70, 82)}
CLOSED, OPEN, PEDAL = 42, 46, 44
CRASHES, RIDES = (49, 57), (51, 59)
TOMS = (50, 48, 45, 43)
STEPS = 16  # per bar
RING = 4.0  # seconds, longer than any drum sounds
CHOKE = 0.03  # seconds in which a closing hi-hat silences the open one
TIMING = 0.004  # seconds, standard deviation
LOOSE = 9.0  # standard deviation of the velocity

Part = dict[str, list[Note]]


class Drummer:
    """Plays the drums of one song."""

    def __init__(self, frame: Frame, rng: np.random.Generator) -> None:
        self.frame, self.rng = frame, rng
        grooves = frame.style.grooves
        order = rng.permutation(len(grooves))
        self.verse, self.chorus = grooves[order[0]], grooves[order[-1]]
        self.keys = {name: int(rng.choice(keys)) for name, keys in KEYS.items()}
        self.ride = int(rng.choice(RIDES)) if chance(rng, 0.4) else CLOSED
        self.crash = int(rng.choice(CRASHES))

    def play(self) -> Part:
        names = ("kick", "snare", "hats", "toms", "cymbals", "percussion")
        part: Part = {name: [] for name in names}
        for section in self.frame.sections:
            if "drums" in section.playing:
                self.section(part, section)
        part["hats"] = choked(part["hats"])
        return part

    def section(self, part: Part, section: Section) -> None:
        loud = section.kind in {"chorus", "solo"}
        groove = self.chorus if loud else self.verse
        if section.kind in {"intro", "break", "outro"} and chance(self.rng, 0.5):
            groove = replace(groove, snare="-" * STEPS)
        for bar in range(section.bar, section.bar + section.bars):
            last = bar == section.bar + section.bars - 1
            fill = int(self.rng.integers(2, 9)) if last and section.bars > 1 else 0
            self.bar(part, groove, bar, STEPS - fill, self.ride if loud else CLOSED)
            if fill:
                self.fill(part, bar, STEPS - fill)
        if loud or chance(self.rng, 0.4):
            self.hit(part["cymbals"], section.bar, 0, self.crash, 112)

    def bar(self, part: Part, groove: Groove, bar: int, stop: int, closed: int) -> None:
        """Play the groove's steps before `stop`; `closed` is the key of its closed hi-hat."""
        for step in range(stop):
            hat = OPEN if groove.hats[step] == "O" else closed
            self.sound(part["hats"], bar, step, hat, groove.hats[step])
            for name in ("kick", "snare", "percussion"):
                self.sound(part[name], bar, step, self.keys[name], getattr(groove, name)[step])
            if groove.kick[step] == "-" and chance(self.rng, 0.03):
                self.sound(part["kick"], bar, step, self.keys["kick"], "o")

    def sound(self, notes: list[Note], bar: int, step: int, key: int, mark: str) -> None:
        if mark != "-":
            self.hit(notes, bar, step, key, VELOCITIES[mark])

    def fill(self, part: Part, bar: int, start: int) -> None:
        """A fill: down the toms, or a roll on the snare that grows louder."""
        toms = chance(self.rng, 0.6)
        for step in range(start, STEPS):
            if chance(self.rng, 0.2):
                continue
            through = (step - start) / (STEPS - start)
            group = "toms" if toms else "snare"
            key = TOMS[int(through * len(TOMS))] if toms else self.keys["snare"]
            self.hit(part[group], bar, step, key, 80 + int(35 * through))

    def hit(self, notes: list[Note], bar: int, step: int, key: int, force: int) -> None:
        """One stroke, with random time, force, and one of three places on the instrument."""
        start = max(0.0, self.frame.time(bar, step) + self.rng.normal(0, TIMING))
        velocity = int(np.clip(force + self.rng.normal(0, LOOSE), 15, 127))
        cents = float(self.rng.choice((-18.0, 0.0, 21.0)))
        notes.append(Note(start, RING, key, velocity, cents))


def choked(notes: list[Note]) -> list[Note]:
    """End each open hi-hat where the next hi-hat of any kind begins."""
    ordered = sorted(notes, key=lambda note: note.start)
    out = []
    for note, following in zip(ordered, [*ordered[1:], None], strict=True):
        if note.key == OPEN and following is not None and following.key in {CLOSED, PEDAL, OPEN}:
            length = following.start - note.start
            note = Note(note.start, length, note.key, note.velocity, note.cents, CHOKE)
        out.append(note)
    return out
