"""Compose a song from a style and a random generator; parts are written in a fixed order."""

from __future__ import annotations

import numpy as np

from hdemucs.corpus import bass, layers, melody
from hdemucs.corpus.chance import chance
from hdemucs.corpus.drums import Drummer
from hdemucs.corpus.form import framed
from hdemucs.corpus.score import Song
from hdemucs.corpus.styles import STYLES

MIDDLES = {"female": (64, 68), "male": (52, 57)}  # MIDI keys in the middle of the lead's range
HARMONY, DOUBLE, CHOIR = 0.45, 0.6, 0.4  # probabilities


def compose(style: str, voice: str, seconds: float, rng: np.random.Generator) -> Song:
    """Compose a song; it does not depend on the sample rate."""
    frame = framed(STYLES[style], seconds, rng)
    drums = Drummer(frame, rng).play()
    low = bass.play(frame, rng)
    others = layers.play(frame, rng)
    lead = melody.Singer(frame, int(rng.integers(*MIDDLES[voice])), rng).sing()
    chorus = melody.chorus_of(frame, lead)
    return Song(
        style=style,
        beat=frame.beat,
        length=seconds,
        sections=frame.sections,
        kit=int(rng.choice(frame.style.kits)),
        drums=drums,
        bass_program=int(rng.choice(frame.style.basses)),
        bass=low,
        layers=others,
        lead=lead,
        harmony=melody.harmonised(frame, chorus) if chance(rng, HARMONY) else [],
        double=melody.doubled(chorus, rng) if chance(rng, DOUBLE) else [],
        choir=melody.choir(frame, rng) if chance(rng, CHOIR) else [],
    )
