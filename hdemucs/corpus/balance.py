"""Levels of the sources, calibrated so that separating the corpus is about as hard as MUSDB18.

The measure is SiSEC 2018 (Stöter, Liutkus and Ito, arXiv 1804.06267; every score is in
sigsep/sigsep-mus-2018): SDR of BSSEval v4, median of frames, median of the 50 MUSDB18 test tracks.
Its rows MIX (the mixture divided by 4: drums 1.33, bass 0.67, other 1.16, vocals 1.12 dB) and IRM2
(the ideal ratio mask on power: 8.45, 7.12, 7.85, 9.43 dB) were compared with 80 test songs of 20 s
at 16 kHz, eight of each of the seeds 11 to 15 and 21 to 25. MIX follows from levels alone: `LEVELS`
was moved until it fitted (1.21, 0.68, 1.01, 0.99 dB). IRM2 also follows from how sources overlap:
dry sampled drums leave the others alone between strokes, which made them 2.8 dB too easy. So they
were given a room that lasts, louder cymbals, and a compressor that brings both up (9.18, 7.12,
7.96, 10.18 dB). The spreads between songs are estimates and were not fitted. `hdemucs bench corpus`
measures songs of other seeds.
"""

from __future__ import annotations

LEVELS = {  # mean and standard deviation of the active level, in dB relative to each other
    "drums": (1.3, 2.2),
    "bass": (-1.2, 2.2),
    "other": (-0.7, 2.2),
    "vocals": (0.8, 1.8),
}

KIT = {  # groups of the drum stem, in dB relative to the sound font's own balance
    "kick": 0.0, "snare": 0.0, "hats": -1.0, "toms": 0.0, "cymbals": 0.0, "percussion": -3.0,
}  # fmt: skip
KIT_THRESHOLD = -3.0  # dB above the stem's active level; threshold of its compressor
KIT_RATIO = (2.0, 5.0)  # ratio of that compressor; each song's is drawn from this range
KIT_ROOM = (0.4, 1.1)  # amplitude of the room relative to the dry kit; drawn likewise
KIT_DECAY = (0.5, 1.2)  # seconds in which that room falls by 60 dB; drawn in the same way
