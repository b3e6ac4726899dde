"""One track: composed, recorded, mixed, and written to disk completely or not at all."""

from __future__ import annotations

import io
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.composer import compose
from hdemucs.corpus.desk import Desk
from hdemucs.corpus.mixer import Stems, mix
from hdemucs.corpus.plan import Plan
from hdemucs.corpus.sampler import Sampler
from hdemucs.corpus.soundfont import SoundFont
from hdemucs.files import sync

PARTIAL = ".partial"  # folder below the root for unfinished tracks


def rendered(plan: Plan, config: CorpusConfig, soundfont: Path) -> Stems:
    """The track's sound in 16-bit integers, by source and "mixture"."""
    composing, mixing, balancing, singing = plan.generators()
    song = compose(plan.style, plan.voice, config.seconds, composing)
    sampler = Sampler(font(soundfont), config.sample_rate)
    length = round(config.seconds * config.sample_rate)
    desk = Desk(sampler, length, plan.voice, mixing, singing)
    return mix(song, desk, balancing)


@lru_cache(maxsize=1)
def font(path: Path) -> SoundFont:
    return SoundFont(path)


def write_track(plan: Plan, config: CorpusConfig, soundfont: Path, root: Path) -> str:
    """Render the track into a temporary folder, then move it to its place; return its name.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    stems = rendered(plan, config, soundfont)
    partial = root / PARTIAL / plan.name
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for source, samples in stems.items():
        file = partial / f"{source}.wav"
        file.write_bytes(wav(samples, config.sample_rate))
        sync(file)
    sync(partial)
    final = root / plan.folder
    final.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(final, ignore_errors=True)  # a track that lacks a file
    partial.rename(final)
    sync(final.parent)
    return plan.name


def wav(samples: np.ndarray, rate: int) -> bytes:
    """A WAV file of 16-bit samples [channel, sample], as in MUSDB18-HQ."""
    memory = io.BytesIO()
    soundfile.write(memory, samples.T, rate, "PCM_16", format="WAV")
    return memory.getvalue()
