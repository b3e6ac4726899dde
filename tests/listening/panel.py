"""Simulated listeners with a known truth, and a key without sounds for them to rate."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hdemucs.config.listening import MushraConfig
from hdemucs.files import write_json, write_text
from hdemucs.listening.analysis.analyse import Listened
from hdemucs.listening.answers.table import COLUMNS
from hdemucs.listening.key import Entry, digest, key_path, save_key
from hdemucs.listening.layout import INDEX, LIST, MEASURES
from hdemucs.listening.publish.qc import COLUMNS as MEASURED
from hdemucs.listening.publish.qc import measures, table
from hdemucs.listening.stimuli.sessions import Served, mushra_blocks
from hdemucs.listening.stimuli.trials import blind
from tests.listening.family import SOURCES

SYSTEMS = ("emu", "kiwi", "rhea")
ANCHORS = ("lowpass-3500", "lowpass-7000", "mixture", "quality")
TRUE = {
    "quality": {
        "reference": 100, "emu": 70, "kiwi": 55, "rhea": 40, "lowpass-3500": 30,
        "lowpass-7000": 60, "mixture": 97, "quality": 5,
    },
    "contamination": {
        "reference": 100, "emu": 60, "kiwi": 62, "rhea": 45, "lowpass-3500": 96,
        "lowpass-7000": 98, "mixture": 3, "quality": 94,
    },
}  # fmt: skip
OF_SOURCE = {"drums": 4.0, "bass": -4.0, "other": 0.0, "vocals": 0.0}  # added to systems
# Variances of the ratings of SiSEC 2008's listening test: item, item x system, residual, ...
SPREAD = {
    "excerpt": 117**0.5, "item": 72**0.5, "residual": 83**0.5, "listener": 14**0.5,
    "taste": 7.5**0.5,
}  # fmt: skip


def key(excerpts_per_source, systems=SYSTEMS, kind="mushra"):
    """Every entry of a test; the bass lacks low-pass anchors."""
    entries = []
    for source in SOURCES:
        for number in range(excerpts_per_source):
            excerpt = f"{source}-{number:03}"
            mark = blind("1", kind, excerpt)
            anchors = [a for a in ANCHORS if not (source == "bass" and a.startswith("lowpass"))]
            roles = {"reference": "reference", **dict.fromkeys(anchors, "anchor")}
            roles = {**roles, **dict.fromkeys(systems, "system")}
            if kind == "mos":
                roles = {n: role for n, role in roles.items() if role != "anchor"}
            for condition, role in roles.items():
                name = blind("1", kind, excerpt, condition, role)
                better = 8.0 - systems.index(condition) if condition in systems else None
                entries.append(
                    Entry(
                        set=kind,
                        trial=mark,
                        name=name,
                        excerpt=excerpt,
                        track=f"Song {number}",
                        source=source,
                        start_s=1.0,
                        seconds=6.0,
                        condition=condition,
                        role=role,
                        gain_db=0.0,
                        lufs=-23.0,
                        delta_lu=0.0,
                        dbtp=-3.0,
                        nsdr_db=better,
                        sha256=name,
                    )
                )
    return entries


def listened(root, entries, sets=None):
    """Sets and key on disk for `analyse`, without sounds; `sets`: another digest than theirs."""
    folder, keys = root / "sets", root / "keys"
    known = {"test": "panel", "sets": sets or digest(entries), "names_from": "secret"}
    write_text(folder / INDEX, "")
    write_json(folder / LIST, {**known, "sessions": []})
    shown = [measures(e) for e in entries if e.set == "mushra"]
    write_text(folder / MEASURES, table(MEASURED, shown))
    save_key(entries, key_path(keys, known["sets"]))
    return Listened(folder, keys)


def by_excerpt(entries):
    found = defaultdict(list)
    for entry in entries:
        found[entry.excerpt].append(entry)
    return found


def sessions(entries, count, trials, replicates=1, seed=0):
    """Trials of each session as (excerpt, attribute, replicate), as the generator deals them."""
    names = {entry.trial: entry.excerpt for entry in entries}
    served = [
        Served(own[0].trial, own[0].source, "", tuple(e.name + ".flac" for e in own))
        for own in by_excerpt(entries).values()
    ]
    config = MushraConfig(sessions=count, trials=trials, replicates=replicates)
    blocks = mushra_blocks(config, "mushra/audio", served, np.random.default_rng(seed))
    return [
        [
            (names[trial.folder.rpartition("/")[2]], trial.attribute, int(trial.id[-1]))
            for block in session
            for trial in block
        ]
        for session in blocks
    ]


@dataclass
class World:
    """One draw of every effect; scores are a condition's mean and what it meets."""

    rng: np.random.Generator
    drawn: dict = field(default_factory=dict)

    def effect(self, kind, *what):
        if (kind, *what) not in self.drawn:
            self.drawn[kind, *what] = SPREAD[kind] * self.rng.standard_normal()
        return self.drawn[kind, *what]

    def score(self, listener, attribute, entry):
        mean = TRUE[attribute][entry.condition]
        if entry.role != "system":  # nobody disagrees about the ends of the scale by much
            return mean - 3 * abs(self.rng.standard_normal()) * (mean > 0)
        return (
            mean
            + OF_SOURCE[entry.source]
            + self.effect("excerpt", attribute, entry.excerpt)
            + self.effect("item", attribute, entry.excerpt, entry.condition)
            + self.effect("listener", attribute, listener)
            + self.effect("taste", attribute, listener, entry.condition)
            + SPREAD["residual"] * self.rng.standard_normal()
        )


def honest(scores, _):
    return scores


def slips_once_in_ten(scores, number):
    """What pymushra's screening throws people out for."""
    return {**scores, "reference": 70} if number % 10 == 3 else scores


def misses_references(scores, number):
    return {**scores, "reference": 80} if number % 3 == 0 else scores


def hears_no_treble(scores, _):
    return {**scores, "lowpass-7000": 100} if "lowpass-7000" in scores else scores


def clicks_through(scores, number):
    return {name: (37 * number + 23 * place) % 101 for place, name in enumerate(scores)}


def leaves_it_alone(scores, _):
    return dict.fromkeys(scores, 100)


def rated(world, entries, plan, habits):
    """Yields (listener, trial number, excerpt, attribute, replicate, scores by condition)."""
    excerpts = by_excerpt(entries)
    for (listener, habit), pages in zip(habits.items(), plan, strict=True):
        for number, (excerpt, attribute, replicate) in enumerate(pages):
            own = excerpts[excerpt]
            scores = {e.condition: world.score(listener, attribute, e) for e in own}
            scores = {name: min(100, max(0, score)) for name, score in scores.items()}
            yield listener, number, own, attribute, replicate, habit(scores, number)


def frame(world, entries, plan, habits):
    """The tidy table that answers become, without the way through files."""
    rows = [
        {
            **{name: getattr(entry, name) for name in COLUMNS if hasattr(entry, name)},
            "listener": listener, "submission": listener, "when": pd.NaT, "stimuli": len(own),
            "fault": "", "covered": 1.0, "attribute": attribute,
            "trial": f"{entry.trial}.{attribute}.{replicate}", "replicate": replicate,
            "score": float(scores[entry.condition]), "plays": 2.0, "first_move_ms": 900.0,
            "page_ms": 60_000.0, "position": float(number + 1),
        }
        for listener, number, own, attribute, replicate, scores in rated(
            world, entries, plan, habits
        )
        for entry in own
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def submissions(world, entries, plan, habits):
    """The same as our page sends it."""
    made = {}
    for listener, number, own, attribute, replicate, scores in rated(world, entries, plan, habits):
        ratings = [
            {
                "stimulus": entry.name, "attribute": attribute,
                "score": round(scores[entry.condition]), "plays": 2, "played_ms": 6000,
                "first_move_ms": 900, "trace": [],
            }
            for entry in own
        ]  # fmt: skip
        trial = {
            "trial": f"{own[0].trial}.{attribute}.{replicate}", "position": number + 1,
            "page_ms": 60_000, "ratings": ratings,
        }  # fmt: skip
        made.setdefault(listener, []).append(trial)
    for place, (listener, trials) in enumerate(made.items()):
        yield {
            "format": 1, "test": "panel", "sets": digest(entries), "set": "mushra",
            "session": f"mushra-{place:02}", "listener": listener, "seed": "1",
            "submission": f"{place:032x}", "started": "", "finished": "",
            "about": {"transducer": "headphones", "years": 5}, "headphones": None, "comment": "",
            "agent": "panel", "trials": trials,
        }  # fmt: skip
