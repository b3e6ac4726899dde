"""The public record of the sets: manifest.json, excerpts.csv, and the list for the page."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hdemucs.config.listening import LOWPASS, ListeningConfig
from hdemucs.listening.excerpts import Excerpt, Excerpts
from hdemucs.listening.key import digest
from hdemucs.listening.stimuli.filters import measured, nears_nyquist
from hdemucs.listening.stimuli.sets import FORMAT, Built
from hdemucs.listening.stimuli.trials import Lacking


def session_list(config: ListeningConfig, built: Built) -> dict[str, Any]:
    """The content of the front page, which is served."""
    return {
        "format": FORMAT,
        "test": config.name,
        "sets": digest(built.entries),
        "names_from": built.names_from,
        "sessions": [
            {
                "set": session.set,
                "session": session.session,
                "trials": sum(len(block) for block in session.blocks),
            }
            for session in built.sessions
        ],
    }


def manifest(config: ListeningConfig, excerpts: Excerpts, built: Built) -> dict[str, Any]:
    """Everything about the sets, except which file is which condition: that is in the key."""
    edges = [int(n.removeprefix(LOWPASS)) for n in config.anchors.names if n.startswith(LOWPASS)]
    return {
        "format": FORMAT,
        "test": config.name,
        "sets": digest(built.entries),
        "names_from": built.names_from,
        "profile": profile(config, built),
        "rate": excerpts.rate,
        "excerpts": dict(sorted(Counter(e.source for e in excerpts.excerpts).items())),
        "systems": len(config.systems),
        "level": asdict(config.level),
        "anchors": {
            **asdict(config.anchors),
            "filters": {
                f"{LOWPASS}{edge}": asdict(measured(edge, excerpts.rate)) for edge in edges
            },
        },
        "anchors_near_the_reference": {
            excerpt: {name: asdict(found) for name, found in near.items()}
            for excerpt, near in built.lacking.items()
            if near
        },
        "notes": [*excerpts.notes, *notes(config, excerpts, built)],
        "sounds": {
            f"{entry.set}/{entry.trial}/{entry.name}": entry.sha256 for entry in by_name(built)
        },
    }


def by_name(built: Built) -> list[Any]:
    return sorted(built.entries, key=lambda entry: (entry.set, entry.trial, entry.name))


def profile(config: ListeningConfig, built: Built) -> str:
    """The standard's name if every trial has both low-pass anchors, as it requires; or a weaker
    one.
    """
    both = {"lowpass-3500", "lowpass-7000"} <= set(config.anchors.names)
    return "BS.1534-3" if both and not any(map(dropped, built.lacking.values())) else "MUSHRA-style"


def notes(config: ListeningConfig, excerpts: Excerpts, built: Built) -> list[str]:
    """What readers of the results must know about the material."""
    said = []
    for name in config.anchors.names:
        edge = int(name.removeprefix(LOWPASS)) if name.startswith(LOWPASS) else None
        if edge and nears_nyquist(edge, excerpts.rate):
            said.append(
                f"{name}: nears the Nyquist frequency of {excerpts.rate / 2:g} Hz and takes away "
                "little that this rate can carry"
            )
        lost = [excerpt for excerpt, near in built.lacking.items() if name in dropped(near)]
        if lost:
            said.append(
                f"{name}: dropped in {len(lost)} of {len(built.lacking)} excerpts, where it sounds "
                "like the reference"
            )
        near = ((excerpt, own[name]) for excerpt, own in built.lacking.items() if name in own)
        said += [f"{name} of {excerpt}: {reason(found, config)}" for excerpt, found in near]
    return said + shortfalls(config, excerpts)


def dropped(near: Mapping[str, Lacking]) -> list[str]:
    """The anchors of an excerpt that sound like its reference."""
    return [name for name, found in near.items() if not found.audible]


def reason(found: Lacking, config: ListeningConfig) -> str:
    """Why an anchor near the reference was dropped or kept."""
    limit = f"{config.anchors.audible:g} LUFS"
    loudest = "silence" if found.loudest is None else f"{found.loudest:g} LUFS at its loudest"
    if found.audible:
        return f"kept at nSDR {found.nsdr_db:g} dB: what it takes away ({loudest}) passes {limit}"
    return (
        f"dropped at nSDR {found.nsdr_db:g} dB: what it takes away ({loudest}) stays under {limit}"
    )


def shortfalls(config: ListeningConfig, excerpts: Excerpts) -> list[str]:
    """Shortages by BS.1534-3, 7.1: 1.5 excerpts per system, at least five; here for each source."""
    wanted = max(5, -(-3 * len(config.systems) // 2))
    counts = Counter(excerpt.source for excerpt in excerpts.excerpts)
    systems = len(config.systems)
    return [
        f"{source}: {count} excerpts where BS.1534-3 wants {wanted} for {systems} systems"
        for source, count in sorted(counts.items())
        if count < wanted
    ]


def excerpts_csv(excerpts: Excerpts) -> str:
    """One row per excerpt: its place and the reasons for its choice."""
    text = io.StringIO()
    rows = [row(excerpt, excerpts) for excerpt in excerpts.excerpts]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def row(excerpt: Excerpt, excerpts: Excerpts) -> dict[str, object]:
    return {
        "id": excerpt.id,
        "track": excerpt.track,
        "source": excerpt.source,
        "start_s": round(excerpt.start / excerpts.rate, 3),
        "seconds": round(excerpt.frames / excerpts.rate, 3),
        "difficulty_lu": excerpt.difficulty,
        "stratum": excerpt.stratum,
        **{f"active_{name}": share for name, share in excerpt.activity.items()},
        **{f"lufs_{name}": level for name, level in excerpt.loudness.items()},
        "relaxed": excerpt.relaxed,
        "windows": excerpt.windows,
        "candidates": excerpt.candidates,
    }
