"""The training pages of both sets: graded examples, and texts to show after a rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.config.listening import ListeningConfig
from hdemucs.listening.key import Entry
from hdemucs.listening.secret import NameSource
from hdemucs.listening.stimuli.even import pad
from hdemucs.listening.stimuli.inputs import Inputs
from hdemucs.listening.stimuli.ladder import Ladder, ladders
from hdemucs.listening.stimuli.render import OPEN, SUFFIX, Renderer, served
from hdemucs.listening.stimuli.sessions import MosTrial, MushraTrial

TRAINING = "training"
ROLES = (OPEN, "reference", "anchor")


@dataclass(frozen=True)
class Examples:
    """Training pages; both sets use the same files."""

    mushra: tuple[MushraTrial, ...]
    mos: tuple[MosTrial, ...]


def render_examples(
    config: ListeningConfig, inputs: Inputs, root: Path, names: NameSource
) -> Examples:
    """Render the graded examples to `root`/training."""
    mushra, mos = [], []
    materials = [(excerpt, inputs.material(excerpt)) for excerpt in inputs.excerpts.training]
    for ladder in ladders(config, materials):
        folder = root / TRAINING / ladder.attribute
        kind = f"{TRAINING}-{ladder.attribute}"
        entries = Renderer(config, names.word, kind, folder, ROLES, nested=True).trial(ladder.trial)
        pad(sorted((folder / entries[0].trial).iterdir()))
        place = f"{folder.relative_to(root).as_posix()}/{entries[0].trial}"
        mushra.append(training_trial(ladder, place, entries))
        mos += training_clips(ladder, place, entries)
    return Examples(tuple(mushra), tuple(mos))


def training_trial(ladder: Ladder, folder: str, entries: Sequence[Entry]) -> MushraTrial:
    files = served(entries)
    return MushraTrial(
        id=f"{TRAINING}.{ladder.attribute}",
        attribute=ladder.attribute,
        source=files.source,
        folder=folder,
        reference=files.reference,
        stimuli=files.stimuli,
        captions=captions(ladder, entries),
    )


def training_clips(ladder: Ladder, folder: str, entries: Sequence[Entry]) -> list[MosTrial]:
    """The best and the worst of a series of graded examples, as clips."""
    hidden = [entry for entry in entries if entry.role != OPEN]
    worst = min(hidden[1:], key=lambda entry: entry.nsdr_db or 0.0)
    return [
        MosTrial(
            id=f"{TRAINING}.{entry.name}",
            source=entry.source,
            folder=folder,
            stimuli=(entry.name + SUFFIX,),
            captions={
                name: said
                for name, said in captions(ladder, entries).items()
                if name == entry.name + SUFFIX
            },
        )
        for entry in (hidden[0], worst)
    ]


def captions(ladder: Ladder, entries: Sequence[Entry]) -> dict[str, str]:
    """The text about each file that is shown after it was rated."""
    said = {e.name + SUFFIX: ladder.captions[e.condition] for e in entries if e.role != OPEN}
    return dict(sorted(said.items()))
