"""English phones, described for a formant synthesiser.

Formants of vowels are from Peterson & Barney (1952, men), those of consonants from the loci of
Klatt (1980); a singer's vocal tract scales them.
"""

from __future__ import annotations

from dataclasses import dataclass

Formants = tuple[int, int, int]  # Hz
Band = tuple[int, int, int]  # Hz centre, Hz width, dB relative to a vowel


@dataclass(frozen=True)
class Vowel:
    """A vowel: one target, or two for a diphthong."""

    start: Formants
    end: Formants


@dataclass(frozen=True)
class Consonant:
    """A short phone before or after the vowel."""

    seconds: float
    voice: float  # loudness of the voice relative to a vowel's, 0..1
    formants: Formants
    noise: Band | None = None
    closure: float = 0.0  # share of the time that is silent, before any noise


IY, IH, EH, AE = (270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410)
AA, AO, UH, UW = (730, 1090, 2440), (570, 840, 2410), (440, 1020, 2240), (300, 870, 2240)
AH, ER = (640, 1190, 2390), (490, 1350, 1690)

VOWELS = {
    "IY": Vowel(IY, IY), "IH": Vowel(IH, IH), "EH": Vowel(EH, EH), "AE": Vowel(AE, AE),
    "AA": Vowel(AA, AA), "AO": Vowel(AO, AO), "UH": Vowel(UH, UH), "UW": Vowel(UW, UW),
    "AH": Vowel(AH, AH), "ER": Vowel(ER, ER), "EY": Vowel(EH, IY), "AY": Vowel(AA, IY),
    "OY": Vowel(AO, IY), "AW": Vowel(AA, UW), "OW": Vowel(AO, UH),
}  # fmt: skip

LIPS, TEETH, PALATE, VELUM = (
    (300, 900, 2200), (300, 1700, 2600), (300, 2000, 2700), (280, 1900, 2200),
)  # fmt: skip

CONSONANTS = {
    "P": Consonant(0.085, 0.0, LIPS, (1200, 900, -22), 0.6),
    "T": Consonant(0.085, 0.0, TEETH, (5200, 1900, -13), 0.6),
    "K": Consonant(0.09, 0.0, VELUM, (1900, 700, -14), 0.6),
    "B": Consonant(0.07, 0.12, LIPS, (900, 700, -26), 0.7),
    "D": Consonant(0.065, 0.12, TEETH, (4200, 1600, -21), 0.7),
    "G": Consonant(0.07, 0.12, VELUM, (1700, 700, -21), 0.7),
    "CH": Consonant(0.12, 0.0, PALATE, (3300, 1100, -11), 0.4),
    "JH": Consonant(0.1, 0.15, PALATE, (3000, 1100, -16), 0.4),
    "F": Consonant(0.1, 0.0, LIPS, (6000, 3500, -22)),
    "TH": Consonant(0.09, 0.0, TEETH, (6200, 2800, -24)),
    "S": Consonant(0.12, 0.0, TEETH, (7200, 1500, -13)),
    "SH": Consonant(0.12, 0.0, PALATE, (3300, 1000, -11)),
    "HH": Consonant(0.07, 0.0, AH, (1500, 1500, -24)),
    "V": Consonant(0.065, 0.35, LIPS, (5000, 3000, -32)),
    "DH": Consonant(0.05, 0.4, TEETH, (5500, 2600, -34)),
    "Z": Consonant(0.09, 0.3, TEETH, (7000, 1500, -19)),
    "ZH": Consonant(0.09, 0.3, PALATE, (3200, 1000, -17)),
    "M": Consonant(0.07, 0.45, (280, 1000, 2200)),
    "N": Consonant(0.065, 0.45, (280, 1600, 2500)),
    "NG": Consonant(0.075, 0.4, (280, 2100, 2600)),
    "L": Consonant(0.065, 0.6, (360, 1200, 2700)),
    "R": Consonant(0.07, 0.6, (350, 1150, 1500)),
    "W": Consonant(0.065, 0.6, (300, 650, 2200)),
    "Y": Consonant(0.06, 0.6, (270, 2200, 3000)),
}
