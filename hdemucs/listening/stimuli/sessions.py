"""Who hears what: sessions of MUSHRA trials and of MOS clips, balanced and seeded.

Files list trials and stimuli by blind name; the page shuffles them anew for every listener, so
that order differs within and between sessions (BS.1534-3, 3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hdemucs.config.listening import Attribute, MosConfig, MushraConfig
from hdemucs.listening.stimuli.questions import Question

ATTRIBUTES: tuple[Attribute, Attribute] = ("quality", "contamination")


@dataclass(frozen=True)
class Served:
    """One excerpt as it lies in a set's audio folder."""

    trial: str  # blind
    source: str
    reference: str  # file name of the open reference
    stimuli: tuple[str, ...]  # file names, sorted; the hidden reference among them


@dataclass(frozen=True)
class MushraTrial:
    """One page: all stimuli of an excerpt, one attribute."""

    id: str
    attribute: Attribute
    source: str
    folder: str  # from the root of the folder served
    reference: str
    stimuli: tuple[str, ...]
    captions: dict[str, str] = field(default_factory=dict)  # training only: what was heard


@dataclass(frozen=True)
class MosTrial:
    """One page: one clip, both questions."""

    id: str
    source: str
    folder: str
    stimuli: tuple[str, ...]  # one file name
    captions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """One sitting. `blocks` are taken in their order, trials within a block in any."""

    format: int
    test: str
    set: str  # mushra or mos
    session: str
    rate: int
    seconds: float
    sets: str  # digest of all sounds: answers say what they are about
    questions: dict[Attribute, Question]
    names: dict[str, str]  # of sources that are no instrument
    training: tuple[MushraTrial | MosTrial, ...]
    blocks: tuple[tuple[MushraTrial | MosTrial, ...], ...]


Blocks = tuple[tuple[MushraTrial | MosTrial, ...], ...]


def allocate(
    served: Sequence[Served], sessions: int, each: int, rng: np.random.Generator
) -> list[list[Served]]:
    """`each` excerpts a session: all heard equally often (within one), sources by turns."""
    heard: Counter[str] = Counter()
    ties = {
        excerpt.trial: float(draw)
        for excerpt, draw in zip(served, rng.random(len(served)), strict=True)
    }
    sittings = []
    for _ in range(sessions):
        sitting: list[Served] = []
        for _ in range(min(each, len(served))):
            sources = Counter(excerpt.source for excerpt in sitting)
            rest = [excerpt for excerpt in served if excerpt not in sitting]
            sitting.append(
                min(rest, key=lambda e: (heard[e.trial], sources[e.source], ties[e.trial]))
            )
            heard[sitting[-1].trial] += 1
        sittings.append(sitting)
    return sittings


def mushra_blocks(
    config: MushraConfig, folder: str, served: Sequence[Served], rng: np.random.Generator
) -> list[Blocks]:
    """Per session a block per attribute, replicates in theirs; which comes first alternates."""
    each = max(1, (config.trials - config.replicates) // len(ATTRIBUTES))
    blocks: list[Blocks] = []
    for number, sitting in enumerate(allocate(served, config.sessions, each, rng)):
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
    """Per session one block of clips: every clip heard equally often (within one).

    Within a session excerpts repeat as little as their number allows.
    """
    clips = [(excerpt, name) for excerpt in served for name in excerpt.stimuli]
    heard: Counter[str] = Counter()
    ties = {
        name: float(draw) for (_, name), draw in zip(clips, rng.random(len(clips)), strict=True)
    }
    blocks: list[Blocks] = []
    for _ in range(config.sessions):
        sitting: list[tuple[Served, str]] = []
        for _ in range(min(config.clips, len(clips))):
            known = Counter(excerpt.trial for excerpt, _ in sitting)
            taken = {name for _, name in sitting}
            rest = [(excerpt, name) for excerpt, name in clips if name not in taken]
            pick = min(rest, key=lambda c: (heard[c[1]], known[c[0].trial], ties[c[1]]))
            heard[pick[1]] += 1
            sitting.append(pick)
        blocks.append((tuple(mos_trial(folder, *clip) for clip in sorted_clips(sitting)),))
    return blocks


def sorted_clips(sitting: Sequence[tuple[Served, str]]) -> list[tuple[Served, str]]:
    """By blind name: the file shall not tell in which order clips were drawn."""
    return sorted(sitting, key=lambda clip: clip[1])


def mos_trial(folder: str, served: Served, name: str) -> MosTrial:
    return MosTrial(
        id=name.removesuffix(".flac"),
        source=served.source,
        folder=folder,
        stimuli=(name,),
    )
