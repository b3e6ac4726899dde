"""The recording: each source's instruments are played, processed and placed in stereo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from hdemucs.corpus import balance, effects, singer
from hdemucs.corpus.articulation import Manner
from hdemucs.corpus.chance import chance
from hdemucs.corpus.sampler import DRUMS, Sampler
from hdemucs.corpus.score import Layer, Note, Song, Syllable
from hdemucs.corpus.styles import TIMBRES, Timbre

Signal = Float[np.ndarray, "2 sample"]

SPREAD = 1.5  # dB, standard deviation of a part's level within its stem
CHOIRS = (52, 53)  # General MIDI's Choir Aahs and Voice Oohs


@dataclass(frozen=True)
class Desk:
    """The recording of one song; `mixing` and `singing` are its random generators."""

    sampler: Sampler
    length: int  # samples
    voice: str
    mixing: np.random.Generator
    singing: np.random.Generator

    @property
    def rate(self) -> int:
        return self.sampler.rate

    def gain(self, decibels: float) -> float:
        return 10 ** ((decibels + float(self.mixing.normal(0, SPREAD))) / 20)

    def room(self, signal: Signal, wet: float, seconds: float) -> Signal:
        """Add reverb to the dry signal; `wet` is its amplitude."""
        return signal + wet * effects.reverb(signal, seconds, self.rate, self.mixing)

    def drums(self, song: Song) -> Signal:
        out = np.zeros((2, self.length))
        for group, notes in song.drums.items():
            sound = self.sampler.play(notes, DRUMS, song.kit, self.length)
            out += self.gain(balance.KIT[group]) * sound
        ratio, wet, decay = (
            float(self.mixing.uniform(*bounds))
            for bounds in (balance.KIT_RATIO, balance.KIT_ROOM, balance.KIT_DECAY)
        )
        out = effects.compressed(out, balance.KIT_THRESHOLD, ratio, self.rate)
        return self.room(out, wet, decay)

    def bass(self, song: Song) -> Signal:
        out = self.sampler.play(song.bass, 0, song.bass_program, self.length)
        out = np.repeat(out.mean(axis=0, keepdims=True), 2, axis=0)
        if chance(self.mixing, 0.5) and out.any():
            out = 0.6 * unit(out) + 0.4 * unit(effects.driven(out, 0.8))
        out = effects.compressed(out, 0.0, 3.0, self.rate)
        return self.room(out, 0.03, 0.4)

    def other(self, song: Song) -> Signal:
        out = np.zeros((2, self.length))
        for layer in song.layers:
            timbre = TIMBRES[layer.name]
            out += self.gain(timbre.level) * self.layer(song, layer, timbre)
        return out

    def layer(self, song: Song, layer: Layer, timbre: Timbre) -> Signal:
        """Play a layer, process it and place it in stereo."""
        place = float(self.mixing.uniform(-0.6, 0.6))
        if layer.doubled:
            left, right = (self.take(layer, timbre) for _ in range(2))
            sound = effects.panned(left, -0.85) + effects.panned(right, 0.85)
        else:
            sound = effects.panned(self.take(layer, timbre), place)
        if timbre.chorus:
            sound = effects.chorused(sound, timbre.chorus, self.rate, self.mixing)
        if timbre.sweep:
            period = float(self.mixing.choice((2, 4, 8))) * song.bar
            sound = effects.swept(sound, timbre.sweep, period, self.rate)
        sound = effects.tilted(sound, float(self.mixing.normal(0, 3)), self.rate)
        return self.room(unit(sound), timbre.reverb, float(self.mixing.uniform(0.8, 2.2)))

    def take(self, layer: Layer, timbre: Timbre) -> Float[np.ndarray, " sample"]:
        """One mono performance of a layer, with small random differences from any other."""
        cents = float(self.mixing.normal(0, 4))
        late = self.mixing.normal(0, 0.006, size=len(layer.notes))
        notes = [
            replace(note, start=max(0.0, note.start + shift), cents=cents)
            for note, shift in zip(layer.notes, late.tolist(), strict=True)
        ]
        sound = self.sampler.play(notes, 0, layer.program, self.length).mean(axis=0)
        if timbre.drive:
            return effects.driven(sound[None], timbre.drive)[0]
        return sound

    def vocals(self, song: Song) -> Signal:
        """The lead in the centre, doubles and harmony at the sides, a choir in the background."""
        lead = singer.manner(self.voice, self.singing)
        out = effects.panned(self.line(song.lead, lead), 0.0)
        level = active(out)
        for line, pan, decibels in ((song.double, 0.5, -8.0), (song.harmony, -0.5, -7.0)):
            how = lead if line is song.double else singer.manner(self.voice, self.singing)
            extra = effects.panned(self.line(line, how), pan)
            out += self.gain(decibels) * scaled(extra, level)
        out += self.gain(-10.0) * scaled(self.choir(song.choir), level)
        if not out.any():
            return out
        echo = effects.echoed(out, 0.75 * song.beat, 0.3, self.rate)
        out = self.room(
            out, float(self.mixing.uniform(0.08, 0.25)), float(self.mixing.uniform(0.7, 2.2))
        )
        return out + float(self.mixing.uniform(0, 0.35)) * echo

    def line(self, syllables: list[Syllable], how: Manner) -> Float[np.ndarray, " sample"]:
        """A sung line, without low-frequency rumble, and compressed."""
        dry = singer.sing(syllables, how, (self.length, self.rate), self.singing)[None]
        if not dry.any():
            return dry[0]
        clean = effects.filtered(dry, effects.highpass(90, self.rate))
        return effects.compressed(clean, -2.0, 3.0, self.rate)[0]

    def choir(self, notes: list[Note]) -> Signal:
        program = int(self.mixing.choice(CHOIRS))
        return self.sampler.play(notes, 0, program, self.length)


def active(signal: Signal) -> float:
    """The RMS over the samples that are not silent."""
    sounding = signal[np.abs(signal) > 1e-4 * np.abs(signal).max(initial=1e-12)]
    return float(np.sqrt((sounding**2).mean())) if len(sounding) else 0.0


def unit(signal: Signal) -> Signal:
    return scaled(signal, 1.0)


def scaled(signal: Signal, level: float) -> Signal:
    """The signal scaled to that active RMS; silence stays silent."""
    found = active(signal)
    return signal * (level / found) if found else signal
