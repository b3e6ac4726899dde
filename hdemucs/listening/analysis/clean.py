"""Trials that hold no ratings are left out, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hdemucs.config.listening import CleaningConfig

TRIAL = ["listener", "set", "trial"]
ONE_BY_ONE = 1  # stimuli of a MOS trial: they cannot be all equal


@dataclass(frozen=True)
class Cleaned:
    """Ratings that count, and the trials that do not: listener, set, trial, reason."""

    ratings: pd.DataFrame
    dropped: pd.DataFrame


def clean(answers: pd.DataFrame, config: CleaningConfig) -> Cleaned:
    """Drop repeated, incomplete, unheard, hasty and flat trials.

    A trial that a listener sent twice counts as it came first.
    """
    first = answers.groupby(TRIAL, sort=False)["submission"].transform("first")
    again = answers[answers["submission"] != first]
    once = answers[answers["submission"] == first]
    trials = [(tuple(name), own) for name, own in once.groupby(TRIAL, sort=False)]
    reasons = {name: reason for name, own in trials if (reason := fault(own, config))}
    keys = pd.MultiIndex.from_frame(once[TRIAL])
    bad = keys.isin(list(reasons))
    dropped = [(*name, reason) for name, reason in reasons.items()]
    repeated = [(*name, "sent before") for name in again[TRIAL].drop_duplicates().to_numpy()]
    columns = [*TRIAL, "reason"]
    return Cleaned(
        once[~bad].reset_index(drop=True), pd.DataFrame(dropped + repeated, columns=columns)
    )


def fault(trial: pd.DataFrame, config: CleaningConfig) -> str:
    """Why a trial is no rating; empty when it is one."""
    scores = trial["score"]
    heard = float(trial.drop_duplicates("condition")["seconds"].sum())
    rules = {
        "incomplete": bool(scores.isna().any()),
        "nothing was played": bool((trial["plays"] == 0).all()),
        f"page left within {config.shortest:g} of the sounds' length": bool(
            (trial["page_ms"] < 1000 * heard * config.shortest).any()
        ),
        "all scores equal": trial["condition"].nunique() > ONE_BY_ONE and scores.nunique() == 1,
    }
    return next((reason for reason, broken in rules.items() if broken), "")
