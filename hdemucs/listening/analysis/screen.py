"""Screening of listeners, with reasons: ITU-R BS.1534-3, 4.1.2, and rules of our own.

In MUSHRA sessions, the hidden reference counts in both attributes. The 7 kHz anchor counts in
quality only, because it contains no other instruments, and not for bass, where it is nearly equal
to the reference. MOS sessions: see `opinion.py`. Attention checks exclude listeners; flags do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hdemucs.config.listening import ScreeningConfig
from hdemucs.listening.analysis.opinion import opinions

ITEM = ["excerpt", "attribute"]
MID_ANCHOR = "lowpass-7000"
COLUMNS = [
    "listener", "set", "trials", "reference_missed", "anchor_items", "anchor_missed",
    "mixture_high", "concordance", "truth_clips", "truth_gap", "same_answer", "verdict", "reasons",
    "flags",
]  # fmt: skip
KEPT, EXCLUDED, UNSCREENED = "kept", "excluded", "not screenable"
Told = Mapping[str, str]  # listeners and remarks about them


def screen(
    ratings: pd.DataFrame, config: ScreeningConfig, excluding: Told, flagging: Told
) -> pd.DataFrame:
    """One row per listener and set.

    `excluding` has those who failed attention checks; `flagging` has other remarks about listeners.
    """
    mushra = ratings[ratings["set"] == "mushra"]
    anchors = mid_anchor(mushra, config)
    found = [
        assess(str(name), own, anchors[anchors["listener"] == name], config)
        for name, own in mushra.groupby("listener")
    ]
    found += opinions(ratings[ratings["set"] == "mos"], config.opinion)
    return pd.DataFrame([judged(row, excluding, flagging) for row in found], columns=COLUMNS)


def judged(row: dict[str, Any], excluding: Told, flagging: Told) -> dict[str, object]:
    """The row with a verdict; attention checks count even with few trials."""
    failed, known = (said.get(str(row["listener"]), "") for said in (excluding, flagging))
    reasons = [*row["reasons"], *([failed] if failed else [])]
    flags = [*row["flags"], *([known] if known else [])]
    verdict = EXCLUDED if reasons else KEPT
    if not row["screenable"] and not failed:
        verdict = UNSCREENED
    return {**row, "verdict": verdict, "reasons": "; ".join(reasons), "flags": "; ".join(flags)}


def mid_anchor(mushra: pd.DataFrame, config: ScreeningConfig) -> pd.DataFrame:
    """The ratings of the 7 kHz anchor that count against a listener.

    If more than `item_share` of the assessors rate an item's anchor that high, the item is the
    cause.
    """
    counts = mushra["condition"].eq(MID_ANCHOR) & mushra["attribute"].eq("quality")
    found = mushra[counts & mushra["source"].ne("bass")].copy()
    found["missed"] = found["score"] > config.anchor_above
    shares = found.groupby(ITEM)["missed"].transform("mean")
    return found[shares <= config.item_share]


def assess(
    name: str, own: pd.DataFrame, anchors: pd.DataFrame, config: ScreeningConfig
) -> dict[str, object]:
    """The row of one listener."""
    references = own[own["role"] == "reference"]["score"]
    missed = share(references < config.reference_below)
    high = share(anchors["missed"].astype(bool))
    mixtures = own[own["condition"].eq("mixture") & own["attribute"].eq("contamination")]
    loose = share(mixtures["score"] > config.mixture_above)
    same = replicated(own)
    trials = int(own["trial"].nunique())
    reasons = []
    if missed > config.share:
        reasons.append(f"hidden reference under {config.reference_below:g} in {missed:.0%}")
    if high > config.share:
        reasons.append(f"7 kHz anchor over {config.anchor_above:g} in {high:.0%}")
    flags = []
    if loose > config.share:
        flags.append(f"mixture over {config.mixture_above:g} in contamination in {loose:.0%}")
    if same < config.concordance_below:
        flags.append(f"replicates agree by {same:.2f} only")
    return {
        "listener": name,
        "set": "mushra",
        "trials": trials,
        "reference_missed": round(missed, 3),
        "anchor_items": len(anchors),
        "anchor_missed": round(high, 3),
        "mixture_high": round(loose, 3),
        "concordance": round(same, 3),
        "screenable": trials >= config.fewest,  # in five trials, one slip is 20 %
        "reasons": reasons,
        "flags": flags,
    }


def share(flags: pd.Series) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def replicated(own: pd.DataFrame) -> float:
    """Lin's concordance between trials and their replicates; NaN if there are none."""
    pairs = own.pivot_table(
        index=[*ITEM, "condition"], columns="replicate", values="score", aggfunc="first"
    )
    if 1 not in pairs.columns:
        return float("nan")
    both = pairs[[0, 1]].dropna()
    return concordance(both[0].to_numpy(float), both[1].to_numpy(float))


def concordance(first: np.ndarray, second: np.ndarray) -> float:
    """Lin 1989: 2 s12 / (s1^2 + s2^2 + (m1 - m2)^2); 1 if all pairs are equal."""
    if not len(first):
        return float("nan")
    spread = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    if spread == 0:
        return 1.0
    covariance = ((first - first.mean()) * (second - second.mean())).mean()
    return float(2 * covariance / spread)


def counted(ratings: pd.DataFrame, screening: pd.DataFrame) -> pd.DataFrame:
    """Ratings of listeners who were not excluded; replicates are used for screening only."""
    who = ["listener", "set"]
    out = pd.MultiIndex.from_frame(screening.loc[screening["verdict"] == EXCLUDED, who])
    return first_ratings(ratings[~pd.MultiIndex.from_frame(ratings[who]).isin(out)])


def first_ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    return ratings[ratings["replicate"] == 0].reset_index(drop=True)
