"""The participants: duration, equipment, checks passed, and what was left out and why."""

from __future__ import annotations

import pandas as pd

from hdemucs.listening.answers.read import PEOPLE

PASS = 5 / 6  # share of the headphone check's trials (Milne et al., 2021)
COLUMNS = [*PEOPLE, "trials_left_out", "left_out_because", "verdict", "reasons", "flags"]
AWAY = "no trial counts"


def share(passed: str) -> float:
    """The share in a text such as "5/6"; NaN if nothing was asked."""
    right, _, asked = str(passed).partition("/")
    return int(right) / int(asked) if asked.isdigit() and int(asked) else float("nan")


def inattentive(people: pd.DataFrame, fewest: float) -> dict[str, str]:
    """Listeners who failed attention checks, with the reason."""
    asked = people[people["attention"].map(share) < fewest]
    return {
        str(name): f"attention checks passed: {passed}"
        for name, passed in zip(asked["listener"], asked["attention"], strict=True)
    }


def unheard(people: pd.DataFrame) -> dict[str, str]:
    """Listeners who wear headphones and failed or skipped the headphone check, with the reason."""
    said = people[people["transducer"].eq("headphones")]
    failed = said[~(said["headphones"].map(share) >= PASS)]
    return {
        str(name): f"headphone check passed: {passed or 'skipped'}"
        for name, passed in zip(failed["listener"], failed["headphones"], strict=True)
    }


def participants(
    people: pd.DataFrame, dropped: pd.DataFrame, screening: pd.DataFrame, sets: dict[str, str]
) -> pd.DataFrame:
    """One row per submission; `sets` has the set of each submission."""
    verdicts = {(row["listener"], row["set"]): row for row in screening.to_dict("records")}
    rows = []
    for person in people.to_dict("records"):
        lost = dropped[dropped["submission"] == person["submission"]]
        counts = lost["reason"].value_counts()
        found = verdicts.get((person["listener"], sets.get(str(person["submission"]), "")), {})
        rows.append(
            {
                **person,
                "trials_left_out": len(lost),
                "left_out_because": "; ".join(f"{n} x {why}" for why, n in counts.items()),
                "verdict": found.get("verdict", AWAY),
                "reasons": found.get("reasons", ""),
                "flags": found.get("flags", ""),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)
