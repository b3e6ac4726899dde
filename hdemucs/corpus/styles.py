"""The eight styles as tables: what drums, bass and layers play, bar by bar, in steps of 1/16.

In grooves, X is an accent, x a hit, o a soft hit, - a rest; in `hats`, O is an open hi-hat. Keys
and programs are those of General MIDI.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Groove:
    """One bar of drums."""

    kick: str
    snare: str
    hats: str
    percussion: str = "-" * 16


@dataclass(frozen=True)
class Timbre:
    """An instrument of the "other" stem, how it is played, and its effects."""

    programs: tuple[int, ...]
    figure: str  # a key of layers.FIGURES
    center: int  # MIDI key around which chords are placed
    level: float  # dB relative to the other layers
    drive: float = 0.0  # distortion
    chorus: float = 0.0  # depth of the effect, 0..1
    sweep: float = 0.0  # depth of a moving low-pass, octaves
    reverb: float = 0.15
    doubled: bool = False


TIMBRES = {
    "power": Timbre((29, 30), "eighths", 45, 0.0, drive=1.0, doubled=True, reverb=0.06),
    "wall": Timbre((30,), "hold", 50, -1.0, drive=1.6, doubled=True, sweep=1.0, reverb=0.12),
    "strum": Timbre((24, 25), "strum", 55, -1.0, doubled=True),
    "pick": Timbre((24, 25, 27), "pick", 57, -2.0),
    "clean": Timbre((27, 28), "offbeat", 57, -2.0, chorus=0.5),
    "piano": Timbre((0, 1), "comp", 58, 0.0),
    "piano-arp": Timbre((0, 2), "pick", 62, -1.0, reverb=0.3),
    "keys": Timbre((4, 5), "comp", 57, 0.0, chorus=0.6),
    "organ": Timbre((16, 17, 18), "hold", 58, -2.0, chorus=0.7, drive=0.4),
    "pad": Timbre((89, 90, 94, 95), "hold", 60, -3.0, sweep=2.0, reverb=0.35),
    "strings": Timbre((48, 49), "hold", 62, -2.0, reverb=0.35),
    "arp": Timbre((81, 80, 87), "arp", 64, -4.0, sweep=2.5, drive=0.3, reverb=0.25),
    "clav": Timbre((7,), "funk", 57, -2.0, sweep=1.5),
    "skank": Timbre((27, 28, 16), "skank", 60, 0.0),
    "brass": Timbre((61, 62), "stabs", 62, -1.0, doubled=True),
    "lead": Timbre((29, 81, 65, 66, 73), "melody", 70, 0.0, drive=0.3, reverb=0.25),
    "bells": Timbre((9, 11, 12, 14), "melody", 76, -4.0, reverb=0.4),
    "accordion": Timbre((21, 22), "hold", 62, -3.0),
}


@dataclass(frozen=True)
class Style:
    """The probabilities and ranges from which songs are made."""

    tempo: tuple[float, float]  # beats per minute
    swing: tuple[float, float]  # share of a step by which every second step is delayed
    kits: tuple[int, ...]
    grooves: tuple[Groove, ...]
    basses: tuple[int, ...]  # MIDI programs
    bass_figures: tuple[str, ...]  # keys of bass.FIGURES
    layers: tuple[tuple[str, ...], ...]  # pools, from each of which one timbre is drawn
    minor: float  # probability of a minor key
    sevenths: float  # probability of seventh chords


STYLES = {
    "rock": Style(
        (112.0, 150.0), (0.0, 0.0), (0, 8, 16),
        (
            Groove("X-----x-X-x-----", "----X-------X---", "x-x-x-x-x-x-x-x-"),
            Groove("X-x-----X-x---x-", "----X--o----X---", "x-x-x-x-x-x-x-O-"),
            Groove("X-------X-------", "----X-------X--x", "x---x---x---x---"),
        ),
        (33, 34), ("eighths", "roots", "kick"),
        (("power",), ("wall", "organ", "lead"), ("strum", "power")), 0.55, 0.0,
    ),
    "pop": Style(
        (98.0, 126.0), (0.0, 0.06), (0, 8, 24),
        (
            Groove("X---x---X---x---", "----X-------X---", "--O---O---O---O-", "x-o-x-o-x-o-x-o-"),
            Groove("X-----x---x-----", "----X-------X---", "x-x-x-x-x-x-x-xx"),
            Groove("X--x----X-x-----", "----X-------X-o-", "xxxoxxxoxxxoxxxO"),
        ),
        (33, 38, 39), ("eighths", "offbeat", "octaves"),
        (("arp", "pick", "clean"), ("piano", "keys", "pad"), ("strings", "bells", "pad")), 0.4, 0.2,
    ),
    "funk": Style(
        (94.0, 114.0), (0.04, 0.16), (0, 8),
        (
            Groove("X--x--x---x--x--", "----X--o-o--X--o", "xxxxxxxxxxxxxxOx"),
            Groove("X-x-------xx--x-", "----X--o-o-oX---", "x-xxx-xxx-xxx-Ox", "----x-------x---"),
        ),
        (36, 37, 33), ("syncopated", "octaves", "kick"),
        (("clav", "clean"), ("keys", "organ"), ("brass", "brass", "lead")), 0.6, 0.9,
    ),
    "ballad": Style(
        (64.0, 84.0), (0.0, 0.05), (0, 40),
        (
            Groove("X-------x-x-----", "--------X-------", "x-x-x-x-x-x-x-x-"),
            Groove("X---------x-----", "----X-------X---", "x---x---x---x---", "--x---x---x---x-"),
        ),
        (32, 33, 35), ("long", "roots", "fifths"),
        (("piano", "piano-arp", "keys"), ("strings", "pad"), ("pick", "bells", "lead")), 0.5, 0.3,
    ),
    "reggae": Style(
        (70.0, 92.0), (0.02, 0.2), (0, 8),
        (
            Groove("--------X-------", "--------X-------", "x-o-x-o-x-o-x-O-", "x--x--x-x--x--x-"),
            Groove("X-----x-X-----x-", "----o---X---o---", "x-xxx-xxx-xxx-xx"),
        ),
        (32, 33, 35), ("dub", "syncopated"),
        (("skank",), ("organ", "keys"), ("brass", "lead", "bells")), 0.55, 0.2,
    ),
    "hiphop": Style(
        (78.0, 100.0), (0.08, 0.26), (24, 25),
        (
            Groove("X--x--x---x-----", "----X-------X---", "x-x-x-x-x-x-xxx-"),
            Groove("X------x-Xx---o-", "----X--o----X--o", "xxx-x-xxx-x-x-O-", "--------x-------"),
        ),
        (38, 39, 33), ("long", "kick", "dub"),
        (("keys", "piano", "pad"), ("arp", "bells", "strings"), ("brass", "pad")), 0.75, 0.6,
    ),
    "folk": Style(
        (88.0, 122.0), (0.0, 0.1), (40, 0),
        (
            Groove("X-------X-------", "----o-------o---", "--x---x---x---x-", "x-o-x-o-x-o-x-o-"),
            Groove("X-----x-X-------", "----x--o----x--o", "x---x---x---x---", "--x---x---x---x-"),
        ),
        (32, 33), ("fifths", "long", "roots"),
        (("strum",), ("pick", "piano"), ("accordion", "strings", "bells")), 0.35, 0.0,
    ),
    "latin": Style(
        (92.0, 118.0), (0.0, 0.04), (0, 8),
        (
            Groove("X-----x-X-----x-", "---o--x---x-----", "x-xxx-xxx-xxx-xx", "x-xxx-xx-xx-xxx-"),
            Groove("X--x----X--x----", "------x-----x---", "--x---x---x---x-", "xoxxoxxoxxoxxoxo"),
        ),
        (32, 33, 35), ("tumbao", "syncopated"),
        (("piano", "clean"), ("brass",), ("organ", "pick", "lead")), 0.6, 0.6,
    ),
}  # fmt: skip

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)

# Degrees of the scale, one for each bar.
PROGRESSIONS = {
    MAJOR: ((0, 4, 5, 3), (0, 5, 3, 4), (3, 0, 4, 5), (0, 3, 0, 4), (1, 4, 0, 5), (0, 2, 3, 4)),
    MINOR: ((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6), (0, 2, 6, 3), (5, 6, 0, 0), (0, 3, 0, 6)),
}
