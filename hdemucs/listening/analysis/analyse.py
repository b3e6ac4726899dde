"""From a folder of answers to tables, figures and a page that reads them out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hdemucs.config.listening import RatingsConfig
from hdemucs.files import write_json, write_text
from hdemucs.listening.analysis.agreement import agreement, link, stimuli
from hdemucs.listening.analysis.clean import Cleaned, clean
from hdemucs.listening.analysis.contrasts import contrasts, omnibus, ties
from hdemucs.listening.analysis.describe import describe
from hdemucs.listening.analysis.plots import draw
from hdemucs.listening.analysis.screen import EXCLUDED, counted, first_ratings, screen
from hdemucs.listening.analysis.tables import Table, comma_separated, latex, markdown, tables
from hdemucs.listening.analysis.variance import variance_parts
from hdemucs.listening.analysis.whole import Means, representativeness, warnings
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.key import Entry, load_key

SOURCES = ("drums", "bass", "other", "vocals")  # the order of the paper's columns
FORMS = {"md": markdown, "csv": comma_separated, "tex": latex}
NONE = "No answers yet."


@dataclass(frozen=True)
class Analysis:
    """What the answers say."""

    cleaned: Cleaned
    screening: pd.DataFrame
    counted: pd.DataFrame  # ratings of those not excluded, replicates apart
    frames: dict[str, pd.DataFrame]  # by the name of their file
    tables: list[Table]
    everyone: list[Table]  # the same without exclusions


def analyse(config: RatingsConfig, answers: Path, key: Path, out: Path, whole: Means) -> str:
    """Write what the answers in `answers` say to `out`; says so when there are none yet.

    `whole` has each system's mean nSDR on the whole test set, where it is known.

    Raises:
        UserError: the key or an answer is missing, damaged or of another test; `out` stays.
    """
    entries = load_key(key)
    found = read_answers(answers, entries, key)
    shown = representativeness(entries, whole)
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        save(shown, temporary / "representativeness.csv")
        text = report(config, entries, found, temporary) if len(found) else f"{NONE}\n"
        said = [f"- {warning}" for warning in warnings(shown)]
        write_text(temporary / "README.md", "\n".join(["# Ratings", "", text, *said, ""]))
        write_json(temporary / "summary.json", summary(found))
        shutil.rmtree(out, ignore_errors=True)
        temporary.replace(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return text.splitlines()[0]


def summary(answers: pd.DataFrame) -> dict[str, int]:
    """What DVC shows as metrics."""
    return {
        "listeners": int(answers["listener"].nunique()),
        "submissions": int(answers["submission"].nunique()),
        "ratings": len(answers),
    }


def report(config: RatingsConfig, key: Sequence[Entry], answers: pd.DataFrame, out: Path) -> str:
    """Write all tables and figures; returns the page's text."""
    found = examine(config, key, answers)
    for name, frame in found.frames.items():
        save(frame, out / f"{name}.csv")
    for folder, made in {"tables": found.tables, "everyone": found.everyone}.items():
        for table in made:
            for suffix, form in FORMS.items():
                path = out / folder / f"{table.set}-{table.attribute}.{suffix}"
                write_text(path, form(table))
    pictures = {"ratings": found.counted, "screening": found.screening, **found.frames}
    draw(pictures, SOURCES, out / "figures")
    return page(config, found)


def examine(config: RatingsConfig, key: Sequence[Entry], answers: pd.DataFrame) -> Analysis:
    """Clean, screen, describe, compare; with and without exclusions."""
    sources = sorted({entry.source for entry in key}, key=place)
    cleaned = clean(answers, config.cleaning)
    screening = screen(cleaned.ratings, config.screening)
    kept = counted(cleaned.ratings, screening)
    everyone = first_ratings(cleaned.ratings)
    rng = np.random.default_rng(config.seed)
    cells = describe(kept, sources, config.confidence)
    frames = {
        "cells": cells,
        "contrasts": contrasts(
            kept, sources, config.baseline, config.confidence, config.resamples, rng
        ),
        "omnibus": omnibus(kept),
        "listeners": screening,
        "dropped": cleaned.dropped,
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
        tables=paper_tables(config, kept, cells, sources),
        everyone=paper_tables(
            config, everyone, describe(everyone, sources, config.confidence), sources
        ),
    )


def place(source: str) -> tuple[int, str]:
    return (SOURCES.index(source) if source in SOURCES else len(SOURCES), source)


def paper_tables(
    config: RatingsConfig, ratings: pd.DataFrame, cells: pd.DataFrame, sources: Sequence[str]
) -> list[Table]:
    level = f"{config.confidence:.0%}"
    note = (
        f"Mean ± half-width of the {level} interval over listeners and excerpts (in brackets: over "
        "listeners, for these excerpts alone). Bold: the best system and all that the first "
        "interval does not tell from it."
    )
    return tables(cells, ties(ratings, sources, config.confidence), sources, note)


def save(frame: pd.DataFrame, path: Path) -> None:
    write_text(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def page(config: RatingsConfig, found: Analysis) -> str:
    """README.md's text."""
    ratings = found.counted
    out = found.screening[found.screening["verdict"] == EXCLUDED]
    reasons = [f"- {row['listener']}: {row['reasons']}" for row in out.to_dict("records")]
    dropped = found.cleaned.dropped["reason"].value_counts()
    lines = [
        f"{ratings['listener'].nunique()} listeners, {len(ratings)} ratings; {len(out)} listeners "
        f"excluded by BS.1534-3, 4.1.2, {len(found.cleaned.dropped)} trials left out.",
        "",
        *reasons,
        *[f"- {count} trials: {reason}" for reason, count in dropped.items()],
        "",
        *[markdown(table) for table in found.tables],
        "Without exclusions: `everyone/`. Each number of the tables: `cells.csv`; systems against "
        f"{config.baseline}: `contrasts.csv`; each listener: `listeners.csv`.",
    ]
    if not len(found.frames["contrasts"]):
        lines.append(f"\nThe baseline {config.baseline} was not rated: there are no contrasts.")
    if any(table.set == "mos" for table in found.tables):
        lines.append(
            "\nThe paper's opinion scores are shown beside the `mos` set alone, whose protocol is "
            "the same; MUSHRA scores are on another scale."
        )
    return "\n".join(lines)
