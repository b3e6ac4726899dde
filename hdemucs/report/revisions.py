"""Compare two revisions of a study: paired differences over the same tracks, and what was changed.

DVC's `metrics diff` shows two numbers; this tells whether they differ by more than the spread
between tracks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from hdemucs.config.report import IntervalConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import ALL
from hdemucs.evaluation.systems import System, load_system
from hdemucs.report.evidence import matrix, spanned
from hdemucs.report.results import Row
from hdemucs.report.scores import heading
from hdemucs.statistics.decisions import holm
from hdemucs.statistics.differences import Difference, compared
from hdemucs.tables import Table

SCORES = "reports/scores"
CODE = "configs/code"
NOTHING = "nothing"  # shown for a side that lacks a value of the other
SHOWN = 60  # longest shown value, in characters


@dataclass(frozen=True)
class Revision:
    """The stored results of a revision, in a folder with the study's layout."""

    name: str
    root: Path

    def systems(self) -> dict[str, System]:
        folders = sorted((self.root / SCORES).glob("*/test"))
        return {folder.parent.name: load_system(folder.parent) for folder in folders}

    def values(self, below: str) -> dict[str, Any]:
        """Every value of the JSON files below a folder, by file and key."""
        return {
            f"{path.relative_to(self.root / below)}: {key}": value
            for path in sorted((self.root / below).rglob("*.json"))
            if below == CODE or not path.is_relative_to(self.root / CODE)
            for key, value in leaves(json.loads(path.read_text()))
        }


def leaves(content: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a tree that is not a mapping, by its path."""
    if isinstance(content, Mapping) and content:
        for name, inside in content.items():
            yield from leaves(inside, f"{key}.{name}".lstrip("."))
    else:
        yield key, content


def differences(old: Revision, new: Revision, metric: str, config: IntervalConfig) -> Table:
    """New minus old, for every system in both revisions, over the tracks that both scored.

    Raises:
        UserError: no system is in both revisions, or one has other data or metrics.
    """
    one, two = old.systems(), new.systems()
    both = [name for name in two if name in one]
    if not both:
        problem = f"has no scored system that {new.name} has, too"
        raise UserError(old.name, problem, "name revisions with reports/scores committed")
    found = [
        (name, source, len(one[name].tracks), len(two[name].tracks), difference)
        for name in both
        for source, difference in of_system(one[name], two[name], metric, config, old.name)
    ]
    adjusted = holm([difference.p for *_, difference in found])
    lines = [
        {
            "System": name,
            "Source": heading(source),
            f"Δ {metric}, dB": spanned(difference, strong=difference.shown),
            "p (Holm)": f"{p:.3g}",
            "Tracks": difference.tracks,
            "scored before": before,
            "scored now": now,
        }
        for (name, source, before, now, difference), p in zip(found, adjusted, strict=True)
    ]
    level = f"{100 * config.level:.0f} %"
    notes = (
        f"Δ: {new.name} minus {old.name}, mean over the tracks that both scored, with its {level} "
        "interval; bold only where it excludes zero.",
        f"p: Wilcoxon signed-rank over tracks, corrected by Holm for the {len(found)} tests.",
        "Each side is one training: how far trainings that differ in the seed lie apart is not in "
        "the interval.",
        *alone(one, two, old.name, new.name),
    )
    title = f"{old.name} → {new.name}: {metric}"
    return Table("compared", title, pd.DataFrame(lines), notes)


def of_system(
    old: System, new: System, metric: str, config: IntervalConfig, revision: str
) -> Iterator[tuple[str, Difference]]:
    """The differences for "all" and each source."""
    hold_comparable(old, new, revision)
    names = {track.track for track in old.tracks} & {track.track for track in new.tracks}
    one, two = (
        Row(
            s.name,
            s.name,
            (replace(s, tracks=tuple(t for t in s.tracks if t.track in names)),),
            ((),),
            None,
        )
        for s in (old, new)
    )
    for source in (ALL, *new.tracks[0].sources):
        if names and (
            found := compared(matrix(two, metric, source), matrix(one, metric, source), config)
        ):
            yield source, found


def hold_comparable(old: System, new: System, revision: str) -> None:
    """Check that two results of a system can be compared.

    Raises:
        UserError: they have other data or other metrics.
    """
    if old.facts is None or new.facts is None:
        return
    pairs = {
        "data": (old.facts.data, new.facts.data),
        "metrics": (old.facts.metrics, new.facts.metrics),
    }
    for what, (one, two) in pairs.items():
        if one != two:
            problem = f"scored {new.name} on other {what} ({one})"
            raise UserError(revision, problem, "numbers on different data are no comparison")


def alone(
    one: Mapping[str, System], two: Mapping[str, System], old: str, new: str
) -> Iterator[str]:
    """Lines about systems that are in one revision only."""
    for name, these, those in ((old, one, two), (new, two, one)):
        if only := [system for system in these if system not in those]:
            yield f"Only in {name}: {', '.join(only)}."


def changes(old: Revision, new: Revision, below: str) -> Table:
    """Differences between the JSON files below a folder: parameters, or digests of code."""
    one, two = old.values(below), new.values(below)
    keys = [key for key in {**one, **two} if one.get(key, NOTHING) != two.get(key, NOTHING)]
    lines = [
        {"Where": key, old.name: said(one.get(key, NOTHING)), new.name: said(two.get(key, NOTHING))}
        for key in sorted(keys)
    ]
    title = f"Changed in {below}: {len(lines) or 'nothing'}"
    return Table("changed", title, pd.DataFrame(lines, columns=["Where", old.name, new.name]), ())


def code(old: Revision, new: Revision) -> Table:
    """The source files whose meaning differs, with the stages that depend on them."""
    one, two = digests(old.root / CODE), digests(new.root / CODE)
    stages: dict[str, set[str]] = {}
    for stage, name in {**one, **two}:
        if one.get((stage, name)) != two.get((stage, name)):
            stages.setdefault(name, set()).add(stage)
    lines = [(name, ", ".join(sorted(stages[name]))) for name in sorted(stages)]
    frame = pd.DataFrame(lines, columns=["File", "Stages"])
    return Table("changed_code", f"Changed code: {len(lines) or 'nothing'}", frame, ())


def digests(folder: Path) -> dict[tuple[str, str], str]:
    """Digests by stage and source file, as `resolve` writes them."""
    return {
        (path.relative_to(folder).with_suffix("").as_posix(), name): digest
        for path in sorted(folder.rglob("*.json"))
        for name, digest in json.loads(path.read_text()).items()
    }


def said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
