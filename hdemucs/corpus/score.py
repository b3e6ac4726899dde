"""The data of a composition: notes, syllables, sections, a song."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """One note of a sampled instrument."""

    start: float  # seconds
    length: float  # seconds
    key: int  # MIDI
    velocity: int  # 1..127
    cents: float = 0.0  # detuning
    release: float | None = None  # seconds, if it is shorter than the instrument's own


@dataclass(frozen=True)
class Syllable:
    """One sung syllable; `start` is the start of its vowel, and its onset comes before."""

    start: float  # seconds
    length: float
    key: int  # MIDI
    phones: tuple[str, ...]  # ARPAbet
    first: bool  # in its phrase: a breath comes before it
    last: bool  # in its phrase: the pitch may fall
    cents: float = 0.0  # detuning


@dataclass(frozen=True)
class Section:
    """Consecutive bars in which the same stems play."""

    kind: str  # intro, verse, chorus, break, solo, outro
    bar: int  # number of the first bar
    bars: int
    playing: frozenset[str]  # sources
    chords: tuple[tuple[int, ...], ...]  # for each bar, keys from the root (48..59) upwards


@dataclass(frozen=True)
class Layer:
    """One instrument of the "other" stem."""

    name: str  # in the style's table
    program: int
    notes: list[Note]
    doubled: bool  # played twice, on the left and on the right


@dataclass(frozen=True)
class Song:
    """A composition; all times are in seconds, independent of a sample rate."""

    style: str
    beat: float  # seconds
    length: float  # seconds
    sections: list[Section]
    kit: int
    drums: dict[str, list[Note]]  # by group: kick, snare, hats, toms, cymbals, percussion
    bass_program: int
    bass: list[Note]
    layers: list[Layer]
    lead: list[Syllable]
    harmony: list[Syllable]
    double: list[Syllable]
    choir: list[Note] = field(default_factory=list)

    @property
    def bar(self) -> float:
        return 4 * self.beat
