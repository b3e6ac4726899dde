"""Leave out trials that contain no ratings, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hdemucs.config.listening import CleaningConfig

TRIAL = ["listener", "set", "trial"]
ONE_BY_ONE = 1  # number of stimuli in a MOS trial, where equal scores mean nothing
BEFORE = "rated by this listener before"


@dataclass(frozen=True)
class Cleaned:
    """The ratings that count, and the trials that do not."""

    ratings: pd.DataFrame
    dropped: pd.DataFrame  # listener, submission, set, trial, reason


def clean(answers: pd.DataFrame, config: CleaningConfig) -> Cleaned:
    """Drop impossible, repeated, incomplete, unheard, hasty and flat trials.

    If a listener rated a trial in two submissions, the earlier one counts: `answers` are in the
    order of time.
    """
    first = answers.groupby(TRIAL, sort=False)["submission"].transform("first")
    trials = answers.groupby([*TRIAL, "submission"], sort=False)
    again = answers["submission"].ne(first).groupby(trials.ngroup()).first().to_numpy()
    reasons = [
        BEFORE if repeated else fault(own, config)
        for repeated, (_, own) in zip(again, trials, strict=True)
    ]
    reason = pd.Series(reasons, dtype="str").reindex(trials.ngroup()).to_numpy()
    bad = answers.assign(reason=reason).loc[reason != ""]
    columns = ["listener", "submission", "set", "trial", "reason"]
    dropped = bad[columns].drop_duplicates().reset_index(drop=True)
    return Cleaned(answers[reason == ""].reset_index(drop=True), dropped)


def fault(trial: pd.DataFrame, config: CleaningConfig) -> str:
    """Why a trial does not count; empty if it does. Facts that a software does not record are
    ignored.
    """
    scores = trial["score"]
    one_by_one = trial["condition"].nunique() == ONE_BY_ONE
    heard = float(trial.drop_duplicates("condition")["seconds"].sum())
    played = trial["plays"].notna()
    impossible = trial.loc[trial["fault"].ne(""), "fault"]
    rules = {
        "".join(impossible[:1]): bool(len(impossible)),
        "incomplete": bool(
            scores.isna().any() or trial["condition"].nunique() < trial["stimuli"].max()
        ),
        "not everything was played": bool((trial["plays"] == 0).any()),
        f"less than {config.heard:.0%} of the clip was heard": one_by_one
        and bool((trial["covered"] < config.heard).any()),
        "a slider was not moved": bool((played & trial["first_move_ms"].isna()).any()),
        f"page left within {config.shortest:g} of the sounds' length": bool(
            (trial["page_ms"] < 1000 * heard * config.shortest).any()
        ),
        "all scores equal": not one_by_one and scores.nunique() == 1,
    }
    return next((reason for reason, broken in rules.items() if broken), "")
