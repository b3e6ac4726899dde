"""README.md of the ratings: the tables, what was left out of them, and why."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hdemucs.config.listening import RatingsConfig
from hdemucs.listening.analysis.clean import Cleaned
from hdemucs.listening.analysis.screen import EXCLUDED
from hdemucs.listening.analysis.tables import Table, markdown

COUNTED = "whose ratings count once"
RULES = (
    "Excluded are: in MUSHRA sessions (BS.1534-3, 4.1.2) who rates the hidden reference under "
    "{reference_below:g}, or the 7 kHz anchor over {anchor_above:g}, in more than {share:.0%} of "
    "the items; in MOS sessions (rules of our own) who rates ground truth no more than "
    "{opinion.gap:g} points over the systems, or gives one score to more than {opinion.same:.0%} "
    "of the clips; in both who passes less than {attention:.0%} of the attention checks."
)


@dataclass(frozen=True)
class Analysis:
    """The results of the analysis."""

    cleaned: Cleaned
    screening: pd.DataFrame
    counted: pd.DataFrame  # ratings of listeners who were not excluded, without replicates
    frames: dict[str, pd.DataFrame]  # by the names of their files
    tables: list[Table]
    everyone: list[Table]  # the tables without exclusions


def summarised(config: RatingsConfig, found: Analysis) -> str:
    """The page: who was counted, who was not and why, and the tables."""
    ratings = found.counted
    out = found.screening[found.screening["verdict"] == EXCLUDED]
    reasons = [
        f"- {row['listener']} ({row['set']}): {row['reasons']}" for row in out.to_dict("records")
    ]
    dropped = found.cleaned.dropped["reason"].value_counts()
    repeated = found.frames["repeated"].to_dict("records")
    lines = [
        f"{ratings['listener'].nunique()} listeners, {len(ratings)} ratings; "
        f"{out['listener'].nunique()} listeners excluded, {len(found.cleaned.dropped)} trials left "
        "out.",
        "",
        *reasons,
        *[f"- {count} trials: {reason}" for reason, count in dropped.items()],
        *[f"- {copy['file']} repeats {copy['first']}, {COUNTED}" for copy in repeated],
        "",
        RULES.format(**vars(config.screening)),
        "",
        *[markdown(table) for table in found.tables],
        "Without exclusions: `everyone/`. Each number of the tables: `cells.csv`; systems against "
        f"{config.baseline}: `contrasts.csv`; each listener: `participants.csv`, `listeners.csv`.",
        "Each rating, unblinded: `ratings.csv`; `analyse-in-r-and-jasp.md` shows how to use it.",
    ]
    if not len(found.frames["contrasts"]):
        lines.append(f"\nThe baseline {config.baseline} was not rated: there are no contrasts.")
    if any(table.set == "mos" for table in found.tables):
        lines.append(
            "\nThe paper's opinion scores are shown beside the `mos` set alone, whose protocol is "
            "the same; MUSHRA scores are on another scale. Other listeners gave them."
        )
    return "\n".join(lines)
