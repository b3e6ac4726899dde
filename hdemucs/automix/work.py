"""The unfinished work on a set of mixes, which a killed process can resume.

    <work>/songs/<song>.json    what was measured of a song; null: it cannot be mixed
    <work>/mixes/<mix>.json     a mix's record: its files, and how many stems are the song's own
    <work>/train/<mix>/         the mix itself; it appears when complete

It is beside the data sets and not in the stage's output, which DVC deletes before the stage runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass as strict

from hdemucs.automix.match import Song
from hdemucs.config.automix import AutomixConfig
from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.data import repitch
from hdemucs.data.manifest import Manifest, Track
from hdemucs.files import read_json, sync, write_json
from hdemucs.meaning import meaning, of_package

PARTIAL = ".partial"
CURE = "remove the file and run the same command again"
PACKAGES = ("numpy", "scipy", "python-stretch")


@strict(frozen=True, kw_only=True, config=STRICT)
class Mix:
    """A mix that is finished."""

    own: Annotated[int, Field(ge=0)]  # stems for which no other song's was found
    track: Track


@dataclass(frozen=True)
class Work:
    """The folder for one set of mixes."""

    folder: Path

    def heard(self, name: str) -> Path:
        return self.folder / "songs" / f"{name}.json"

    def keep_song(self, name: str, song: Song | None) -> None:
        content = song and {**vars(song), "beats": list(song.beats), "keys": song.keys.tolist()}
        write_json(self.heard(name), content)

    def song(self, name: str) -> Song | None:
        """What was measured of a song, with all digits."""
        said = read_json(self.heard(name), CURE)
        if said is None:
            return None
        return Song(**{**said, "beats": tuple(said["beats"]), "keys": np.array(said["keys"])})

    def draft(self, mix: str) -> Path:
        """An empty folder for writing a mix, below `PARTIAL` as it will be below the root."""
        draft = self.folder / PARTIAL / "train" / mix
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        return draft

    def keep_mix(self, mix: str, done: Mix) -> None:
        """Move a finished mix to its place; its record is written before, so that it always has
        one.
        """
        content = TypeAdapter(Mix).dump_python(done, mode="json")
        write_json(self.folder / "mixes" / f"{mix}.json", content)
        final = self.folder / "train" / mix
        final.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(final, ignore_errors=True)
        (self.folder / PARTIAL / "train" / mix).rename(final)
        sync(final.parent)

    def made(self, mix: str) -> bool:
        return (self.folder / "train" / mix).is_dir()

    def mix(self, mix: str) -> Mix:
        path = self.folder / "mixes" / f"{mix}.json"
        return validated(read_json(path, CURE), Mix, str(path))

    def publish(self, out: Path) -> None:
        """Put the mixes into `out`, as hard links, or as copies on another disk."""
        shutil.rmtree(out, ignore_errors=True)
        for file in sorted((self.folder / "train").rglob("*.wav")):
            place = out / file.relative_to(self.folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file, place)
            except OSError:
                shutil.copyfile(file, place)


def key(config: AutomixConfig, manifest: Manifest) -> str:
    """Eight hexadecimal digits that differ if anything differs that the mixes depend on."""
    parts = [
        asdict(config),
        TypeAdapter(Manifest).dump_python(manifest, mode="json"),
        [of_package(Path(__file__).parent), meaning(Path(repitch.__file__))],
        [version(name) for name in PACKAGES],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]
