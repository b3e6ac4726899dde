"""Which listener hears what: sessions of MUSHRA trials and of MOS clips, balanced and seeded.

Files list trials and stimuli by blind name. The page shuffles them for every listener, so that the
order differs within and between sessions (BS.1534-3, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hdemucs.config.listening import Attribute, MosConfig, MushraConfig
from hdemucs.listening.stimuli.balance import dealt
from hdemucs.listening.stimuli.questions import Question

ATTRIBUTES: tuple[Attribute, Attribute] = ("quality", "contamination")


@dataclass(frozen=True)
class Served:
    """One excerpt's files in the audio folder of a set."""

    trial: str  # blind name
    source: str
    reference: str  # file name of the open reference
    stimuli: tuple[str, ...]  # file names, sorted; one of them is the hidden reference
    conditions: tuple[str, ...] = ()  # of each stimulus; never written where listeners see it


@dataclass(frozen=True)
class MushraTrial:
    """One page: all stimuli of an excerpt, for one attribute."""

    id: str
    attribute: Attribute
    source: str
    folder: str  # relative to the root of the served folder
    reference: str
    stimuli: tuple[str, ...]
    captions: dict[str, str] = field(default_factory=dict)  # only for training: what was heard


@dataclass(frozen=True)
class MosTrial:
    """One page: one clip, with both questions."""

    id: str
    source: str
    folder: str
    stimuli: tuple[str, ...]  # one file name
    captions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """One session. `blocks` are played in order, trials within a block in any order."""

    format: int
    test: str
    set: str  # mushra or mos
    session: str
    rate: int
    seconds: float
    sets: str  # digest of all sounds, which answers contain
    questions: dict[Attribute, Question]
    names: dict[str, str]  # of sources that are not instruments
    training: tuple[MushraTrial | MosTrial, ...]
    blocks: tuple[tuple[MushraTrial | MosTrial, ...], ...]


Blocks = tuple[tuple[MushraTrial | MosTrial, ...], ...]


def mushra_blocks(
    config: MushraConfig, folder: str, served: Sequence[Served], rng: np.random.Generator
) -> list[Blocks]:
    """For each session, one block per attribute with its replicates; the first attribute
    alternates.

    Every excerpt is heard equally often (within one), and the sources of a session are balanced.
    """
    each = max(1, (config.trials - config.replicates) // len(ATTRIBUTES))
    blocks: list[Blocks] = []
    held = dealt(1, numbered(served), config.sessions, each, rng)
    for number, sitting in enumerate([served[excerpt] for _, excerpt in own] for own in held):
        trials = {
            attribute: [mushra_trial(folder, excerpt, attribute, 0) for excerpt in sitting]
            for attribute in ATTRIBUTES
        }
        again = rng.permutation(len(sitting) * len(ATTRIBUTES))[: config.replicates]
        for place in again:
            attribute, excerpt = ATTRIBUTES[place % 2], sitting[place // 2]
            trials[attribute].append(mushra_trial(folder, excerpt, attribute, 1))
        order = ATTRIBUTES if number % 2 == 0 else ATTRIBUTES[::-1]
        blocks.append(tuple(tuple(trials[attribute]) for attribute in order))
    return blocks


def mushra_trial(folder: str, served: Served, attribute: Attribute, replicate: int) -> MushraTrial:
    return MushraTrial(
        id=f"{served.trial}.{attribute}.{replicate}",
        attribute=attribute,
        source=served.source,
        folder=f"{folder}/{served.trial}",
        reference=served.reference,
        stimuli=served.stimuli,
    )


def mos_blocks(
    config: MosConfig, folder: str, served: Sequence[Served], rng: np.random.Generator
) -> list[Blocks]:
    """For each session, one block of clips, balanced over conditions, sources and excerpts.

    Every clip is heard equally often (within one).
    """
    conditions = sorted({condition for excerpt in served for condition in excerpt.conditions})
    held = dealt(len(conditions), numbered(served), config.sessions, config.clips, rng)
    blocks: list[Blocks] = []
    for sitting in held:
        clips = [(served[n], clip(served[n], conditions[condition])) for condition, n in sitting]
        blocks.append((tuple(mos_trial(folder, *found) for found in sorted_clips(clips)),))
    return blocks


def numbered(served: Sequence[Served]) -> list[int]:
    """The source of each excerpt, as a number."""
    names = sorted({excerpt.source for excerpt in served})
    return [names.index(excerpt.source) for excerpt in served]


def clip(excerpt: Served, condition: str) -> str:
    """The file of the excerpt in this condition."""
    return excerpt.stimuli[excerpt.conditions.index(condition)]


def sorted_clips(sitting: Sequence[tuple[Served, str]]) -> list[tuple[Served, str]]:
    """Clips by blind name, so that the file does not show in which order they were drawn."""
    return sorted(sitting, key=lambda clip: clip[1])


def mos_trial(folder: str, served: Served, name: str) -> MosTrial:
    return MosTrial(
        id=name.removesuffix(".flac"),
        source=served.source,
        folder=folder,
        stimuli=(name,),
    )
