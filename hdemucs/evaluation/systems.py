"""The files of a scored system.

    <scores>/<system>/test/<track>.json   museval's format, with our whole-track scores
    <scores>/<system>/system.json         what was scored, and on which data
    <scores>/<system>/summary.json        its numbers over all tracks; DVC lists some of them

Folders of museval JSON from other groups do not have the second file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.evaluation import MetricsConfig
from hdemucs.config.load import validated
from hdemucs.config.separation import SeparationConfig
from hdemucs.errors import UserError
from hdemucs.files import read_json, write_json
from hdemucs.metrics.museval_json import TrackScores, load, save

Kind = Literal["model", "oracle", "other"]

FACTS = "system.json"
SUMMARY = "summary.json"
SUBSET = "test"
CURE = "score the system again"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DataFacts:
    """The data that were separated."""

    name: str  # "MUSDB18-HQ" if its content says so; otherwise the manifest's: "embedded-..."
    sha256: str  # of the manifest
    sample_rate: int  # Hz


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Facts:
    """What a system's scores were computed from."""

    system: str
    kind: Kind
    data: DataFacts
    metrics: MetricsConfig
    separation: SeparationConfig | None  # None: not separated in segments


@plain_dataclass(frozen=True)
class System:
    """One scored system; `facts` is None for folders that are not ours."""

    name: str
    tracks: tuple[TrackScores, ...]  # by name
    facts: Facts | None


def save_system(folder: Path, tracks: Iterable[TrackScores], facts: Facts) -> None:
    """Write all files of one system; scores of other tracks in its folder are deleted."""
    save_tracks(folder, tracks)
    write_json(folder / FACTS, TypeAdapter(Facts).dump_python(facts, mode="json"))


def save_tracks(folder: Path, tracks: Iterable[TrackScores]) -> None:
    """Write the tracks' scores, and delete those of other tracks."""
    written = {folder / SUBSET / f"{track.track}.json": track for track in tracks}
    for path, track in written.items():
        save(track, path)
    for stray in set((folder / SUBSET).glob("*.json")) - set(written):
        stray.unlink()


def load_system(folder: Path) -> System:
    """Read one system's folder: ours, museval's (`test/*.json`), or just `*.json[.gz]`.

    Raises:
        UserError: there are no scores, or a file is damaged.
    """
    if not folder.is_dir():
        raise UserError(folder, "is missing", CURE)
    inside = folder / SUBSET if (folder / SUBSET).is_dir() else folder
    paths = [p for p in inside.rglob("*") if p.name.endswith((".json", ".json.gz"))]
    tracks = [load(path) for path in sorted(paths) if path.name not in (FACTS, SUMMARY)]
    if not tracks:
        raise UserError(folder, "holds no scores", CURE)
    facts = load_facts(folder / FACTS) if (folder / FACTS).exists() else None
    if facts and facts.system != folder.name:
        problem = f"holds the scores of {facts.system}, by its {FACTS}"
        raise UserError(folder, problem, f"name the folder {facts.system}, or score it anew")
    return System(folder.name, tuple(sorted(tracks, key=lambda t: t.track)), facts)


def load_facts(path: Path) -> Facts:
    return validated(read_json(path, CURE), Facts, str(path))


def load_systems(*places: Path) -> dict[str, System]:
    """Read all systems' folders in these places, by name.

    Raises:
        UserError: there is none, one is damaged, or two have the same name.
    """
    found: dict[str, Path] = {}
    for place in places:
        for folder in sorted(path for path in place.glob("*") if path.is_dir()):
            if folder.name in found:
                problem = f"has the name of {found[folder.name]}: a name stands for one system"
                raise UserError(folder, problem, "remove or rename one of the two")
            found[folder.name] = folder
    if not found:
        raise UserError(places[0], "holds no scored system", "run `dvc repro`")
    return {name: load_system(folder) for name, folder in found.items()}
