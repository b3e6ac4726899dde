"""Make tables, figures and a page from a folder of answers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hdemucs.config.listening import RatingsConfig
from hdemucs.files import write_json, write_text
from hdemucs.listening.analysis.agreement import agreement, link, stimuli
from hdemucs.listening.analysis.clean import clean
from hdemucs.listening.analysis.contrasts import contrasts, omnibus, ties
from hdemucs.listening.analysis.describe import describe
from hdemucs.listening.analysis.page import Analysis, summarised
from hdemucs.listening.analysis.participants import inattentive, participants, unheard
from hdemucs.listening.analysis.plots import draw
from hdemucs.listening.analysis.screen import EXCLUDED, counted, first_ratings, screen
from hdemucs.listening.analysis.tables import Table, comma_separated, latex, markdown, tables
from hdemucs.listening.analysis.variance import variance_parts
from hdemucs.listening.analysis.whole import TestSet, read_measures, representativeness, warnings
from hdemucs.listening.answers.read import Answers, read_with_key
from hdemucs.listening.key import Entry
from hdemucs.listening.session_list import DECODED, load_session_list

SOURCES = ("drums", "bass", "other", "vocals")  # in the order of the paper's columns
FORMS = {"md": markdown, "csv": comma_separated, "tex": latex}
RECIPE = Path(__file__).parent / "analyse-in-r-and-jasp.md"
NONE = "No answers yet."
OPEN_NAMES = f"This was a rehearsal: {DECODED}"
TIDY = [
    "listener", "submission", "set", "attribute", "replicate", "excerpt", "track", "source",
    "condition", "role", "score", "nsdr_db", "plays", "covered", "first_move_ms", "page_ms",
    "position",
]  # fmt: skip


@dataclass(frozen=True)
class Listened:
    """What listeners rated: the folder of the sets, and the folder of their keys."""

    folder: Path
    keys: Path


def analyse(config: RatingsConfig, answers: Path, given: Listened, out: Path, test: TestSet) -> str:
    """Analyse the answers in `answers` and write the results to `out`; says so if there are none.

    `given` is what was listened to; `test` is the test set that its excerpts were taken from.

    Raises:
        UserError: the key or an answer is missing, damaged or of another test; `out` is unchanged.
    """
    listed = load_session_list(given.folder)
    shown = representativeness(read_measures(given.folder), test.means)
    entries, found = read_with_key(answers, listed, given.keys)
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        save(shown, temporary / "representativeness.csv")
        text = (
            report(config, entries, found, test, temporary) if len(found.ratings) else f"{NONE}\n"
        )
        open_names = [OPEN_NAMES] if listed.rehearsal and len(found.ratings) else []
        said = [f"- {warning}" for warning in (*open_names, *warnings(shown))]
        write_text(temporary / "README.md", "\n".join(["# Ratings", "", text, *said, ""]))
        write_json(temporary / "summary.json", summary(found.ratings))
        shutil.rmtree(out, ignore_errors=True)
        temporary.replace(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return text.splitlines()[0]


def summary(answers: pd.DataFrame) -> dict[str, int]:
    """The numbers that DVC shows as metrics."""
    return {
        "listeners": int(answers["listener"].nunique()),
        "submissions": int(answers["submission"].nunique()),
        "ratings": len(answers),
    }


def report(
    config: RatingsConfig, key: Sequence[Entry], answers: Answers, test: TestSet, out: Path
) -> str:
    """Write all tables and figures; return the page's text."""
    found = examine(config, key, answers, test.data)
    for name, frame in found.frames.items():
        save(frame, out / f"{name}.csv")
    for folder, made in {"tables": found.tables, "everyone": found.everyone}.items():
        for table in made:
            for suffix, form in FORMS.items():
                path = out / folder / f"{table.set}-{table.attribute}.{suffix}"
                write_text(path, form(table))
    pictures = {**found.frames, "ratings": found.counted, "screening": found.screening}
    draw(pictures, in_order(key), out / "figures")
    write_text(out / RECIPE.name, RECIPE.read_text())
    return summarised(config, found)


def examine(config: RatingsConfig, key: Sequence[Entry], answers: Answers, data: str) -> Analysis:
    """Clean, screen, describe and compare, with and without exclusions."""
    sources = in_order(key)
    cleaned = clean(answers.ratings, config.cleaning)
    failed = inattentive(answers.people, config.screening.attention)
    screening = screen(cleaned.ratings, config.screening, failed, unheard(answers.people))
    kept = counted(cleaned.ratings, screening)
    everyone = first_ratings(cleaned.ratings)
    sets = dict(answers.ratings[["submission", "set"]].drop_duplicates().to_numpy().tolist())
    rng = np.random.default_rng(config.seed)
    cells = describe(kept, sources, config.confidence)
    frames = {
        "cells": cells,
        "contrasts": contrasts(
            kept, sources, config.baseline, config.confidence, config.resamples, rng
        ),
        "omnibus": omnibus(kept),
        "listeners": screening,
        "participants": participants(answers.people, cleaned.dropped, screening, sets),
        "ratings": tidy(cleaned.ratings, screening),
        "dropped": cleaned.dropped,
        "repeated": pd.DataFrame([asdict(copy) for copy in answers.repeated]),
        "variance": variance_parts(kept),
        "agreement": agreement(kept),
        "nsdr": link(kept),
        "stimuli": stimuli(kept),
    }
    return Analysis(
        cleaned=cleaned,
        screening=screening,
        counted=kept,
        frames=frames,
        tables=paper_tables(config, kept, cells, sources, data),
        everyone=paper_tables(
            config, everyone, describe(everyone, sources, config.confidence), sources, data
        ),
    )


def tidy(ratings: pd.DataFrame, screening: pd.DataFrame) -> pd.DataFrame:
    """Every rating that was not dropped, with conditions named: one row per rating."""
    verdicts = screening.set_index(["listener", "set"])["verdict"]
    who = pd.MultiIndex.from_frame(ratings[["listener", "set"]])
    return ratings[TIDY].assign(excluded=verdicts.reindex(who).eq(EXCLUDED).to_numpy())


def in_order(key: Sequence[Entry]) -> list[str]:
    """The sources of a test: the paper's in its order, then all others."""
    return sorted({entry.source for entry in key}, key=place)


def place(source: str) -> tuple[int, str]:
    return (SOURCES.index(source) if source in SOURCES else len(SOURCES), source)


def paper_tables(
    config: RatingsConfig,
    ratings: pd.DataFrame,
    cells: pd.DataFrame,
    sources: Sequence[str],
    data: str,
) -> list[Table]:
    level = f"{config.confidence:.0%}"
    note = (
        f"Mean ± half-width of the {level} interval over listeners and excerpts (in brackets: over "
        "listeners, for these excerpts alone). Bold: the best system and all that the first "
        "interval does not tell from it."
    )
    return tables(cells, ties(ratings, sources, config.confidence), sources, note, data)


def save(frame: pd.DataFrame, path: Path) -> None:
    write_text(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
