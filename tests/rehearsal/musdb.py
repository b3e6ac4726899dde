"""A stand-in of MUSDB18-HQ: its counts and names, its format, its known faults; seconds long."""

from pathlib import Path

import numpy as np

from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.plan import plans
from hdemucs.corpus.soundfont import locate
from hdemucs.corpus.track import rendered, wav
from hdemucs.data.musdb18 import COUNTS, tracks
from hdemucs.datasets.errata import ERRATA

RATE, SECONDS, SONGS = 44_100, 2.5, 4
SOURCES = ("drums", "bass", "other", "vocals")
SILENT = ("test", "Zeno - Signs", "vocals")  # no vocals in the whole song
UNEQUAL = "PR - Oh No"  # its mixture is not the sum of its stems
ERRONEOUS = tuple(dict.fromkeys(erratum.track for erratum in ERRATA))


def names():
    """Every track's split and name: the errata's and made-up ones are trained on."""
    held_out = {split: tracks(split) for split in ("valid", "test")}
    known = [name for name in ERRONEOUS if name not in (*held_out["valid"], *held_out["test"])]
    more = [f"Stand In {n:02} - Song" for n in range(COUNTS["train"] - len(known))]
    return {"train": (*known, *more), **held_out}


def write(root: Path) -> Path:
    """Some rendered songs, each track with stems of four of them at other times and levels."""
    config = CorpusConfig(
        seed=5, train=SONGS, valid=1, test=1, seconds=SECONDS, sample_rate=RATE, soundfont="auto"
    )
    songs = [rendered(plan, config, locate("auto").path) for plan in plans(config)[:SONGS]]
    index = 0
    for split, each in names().items():
        for name in each:
            put(root / ("test" if split == "test" else "train") / name, songs, split, index)
            index += 1
    return root


def put(folder: Path, songs, split: str, index: int) -> None:
    rng = np.random.default_rng(index)
    stems = {
        source: varied(songs[(index + n) % SONGS][source], rng) for n, source in enumerate(SOURCES)
    }
    if (split, folder.name) == SILENT[:2]:
        stems[SILENT[2]] = np.zeros_like(stems[SILENT[2]])
    mixture = np.sum(list(stems.values()), axis=0, dtype=np.int16)
    if folder.name == UNEQUAL:
        mixture[0] //= 2
    folder.mkdir(parents=True)
    for source, samples in {"mixture": mixture, **stems}.items():
        (folder / f"{source}.wav").write_bytes(wav(samples, RATE))


def varied(stem, rng):
    """Begun elsewhere, and quieter, so that four of them cannot overflow 16 bits."""
    moved = np.roll(stem, int(rng.integers(stem.shape[-1])), -1)
    return (moved * rng.uniform(0.15, 0.24)).astype(np.int16)
