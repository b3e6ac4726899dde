"""Screening of MOS sessions, which have no open reference and no standard: the rules are our own.

A listener who cannot tell separated music from the original, or who always answers the same, has
not done the task.
"""

from __future__ import annotations

import pandas as pd

from hdemucs.config.listening import OpinionConfig


def opinions(mos: pd.DataFrame, config: OpinionConfig) -> list[dict[str, object]]:
    """One row per listener: trials, clips of ground truth, and reasons for exclusion."""
    return [
        {"listener": str(name), "set": "mos", **assess(own, config)}
        for name, own in mos.groupby("listener")
    ]


def assess(own: pd.DataFrame, config: OpinionConfig) -> dict[str, object]:
    truth = own["role"].eq("reference")
    gap = float(own.loc[truth, "score"].mean() - own.loc[~truth, "score"].mean())
    answers = own.groupby("attribute")["score"]
    same = float(answers.agg(lambda scores: scores.value_counts(normalize=True).max()).min())
    reasons = []
    if gap <= config.gap:
        reasons.append(f"ground truth rated {gap:+.1f} points against the systems")
    if same > config.same:
        reasons.append(f"one score in {same:.0%} of the answers to each question")
    clips = int(own.loc[truth, "trial"].nunique())
    return {
        "trials": int(own["trial"].nunique()),
        "truth_clips": clips,
        "truth_gap": round(gap, 2),
        "same_answer": round(same, 3),
        "screenable": clips >= config.fewest,
        "reasons": reasons,
        "flags": [],
    }
