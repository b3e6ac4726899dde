"""Render trials as blind FLAC files, and list in the key what each file is."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hdemucs import audio
from hdemucs.config.listening import ListeningConfig
from hdemucs.listening.key import Entry
from hdemucs.listening.stimuli.checks import check_unclipped
from hdemucs.listening.stimuli.sessions import Served
from hdemucs.listening.stimuli.trials import (
    REFERENCE,
    SCALE,
    Pcm,
    Stimulus,
    Trial,
    blind,
    generator,
    rendered,
)
from hdemucs.loudness import loudness, true_peak
from hdemucs.metrics.one_source import nsdr_of_one

OPEN = "open"  # the reference that listeners know as such; the hidden one has the same bytes
SUFFIX = ".flac"


@dataclass(frozen=True)
class Renderer:
    """Writes the stimuli of the set `set` to `folder`."""

    config: ListeningConfig
    secret: str
    set: str
    folder: Path
    roles: Sequence[str]  # which stimuli to write; "open" is a copy of the reference
    nested: bool  # a folder per trial, or one for all

    def trial(self, trial: Trial) -> list[Entry]:
        """Write the trial's stimuli; return an entry for each file.

        Raises:
            UserError: a sample clips.
        """
        entries = []
        for stimulus, gain in zip(trial.stimuli, trial.gains, strict=True):
            names = (OPEN, REFERENCE) if stimulus.role == REFERENCE else (stimulus.role,)
            wanted = [role for role in names if role in self.roles]
            if wanted:
                entries += self.stimulus(trial, stimulus, gain, wanted)
        return relative(entries)

    def stimulus(
        self, trial: Trial, stimulus: Stimulus, gain: float, roles: Sequence[str]
    ) -> list[Entry]:
        excerpt, rate, condition = trial.excerpt, trial.rate, stimulus.condition
        dither = generator(self.secret, "dither", excerpt.id, condition)
        fade = round(self.config.level.fade * rate)
        samples, clipped = rendered(stimulus.signal, gain, fade, dither)
        check_unclipped(excerpt.id, condition, clipped)
        mark = blind(self.secret, self.set, excerpt.id)
        heard = (samples / SCALE).astype(np.float32)
        entry = Entry(
            set=self.set,
            trial=mark,
            name="",
            excerpt=excerpt.id,
            track=excerpt.track,
            source=excerpt.source,
            start_s=round(excerpt.start / rate, 3),
            seconds=round(excerpt.frames / rate, 3),
            condition=condition,
            role=stimulus.role,
            gain_db=round(gain, 2),
            lufs=finite(loudness(heard, rate)),
            delta_lu=None,
            dbtp=finite(true_peak(heard)),
            nsdr_db=score(trial, stimulus),
            sha256="",
        )
        return [self.write(entry, role, samples, rate) for role in roles]

    def write(self, entry: Entry, role: str, samples: Pcm, rate: int) -> Entry:
        name = blind(self.secret, self.set, entry.excerpt, entry.condition, role)
        folder = self.folder / entry.trial if self.nested else self.folder
        path = folder / f"{name}{SUFFIX}"
        audio.write_samples(path, samples.T, rate, "PCM_16")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return replace(entry, name=name, role=role, sha256=digest)


def score(trial: Trial, stimulus: Stimulus) -> float | None:
    """NSDR in dB; None for the reference."""
    if stimulus.role == REFERENCE:
        return None
    return round(nsdr_of_one(trial.reference.signal, stimulus.signal), 3)


def finite(level: float) -> float | None:
    """A level with two decimals; None for silence, which CSV and JSON cannot express."""
    return round(level, 2) if math.isfinite(level) else None


def relative(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with their loudness relative to the first, which is the reference."""
    zero = entries[0].lufs
    return [
        replace(entry, delta_lu=round(entry.lufs - zero, 2))
        if entry.lufs is not None and zero is not None
        else entry
        for entry in entries
    ]


def served(entries: Sequence[Entry]) -> Served:
    """A trial's files as listed in sessions: sorted, so that their order gives no information."""
    openly = [entry.name + SUFFIX for entry in entries if entry.role == OPEN]
    hidden = sorted(
        (entry.name + SUFFIX, entry.condition) for entry in entries if entry.role != OPEN
    )
    names, conditions = zip(*hidden, strict=True)
    return Served(entries[0].trial, entries[0].source, "".join(openly), names, conditions)
