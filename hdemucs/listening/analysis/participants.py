"""Who took part: how long, with what, which checks they passed, what was left out and why."""

from __future__ import annotations

import pandas as pd

from hdemucs.listening.answers.read import PEOPLE

PASS = 5 / 6  # of the headphone check; Milne et al. 2021
COLUMNS = [*PEOPLE, "trials_left_out", "left_out_because", "verdict", "reasons", "flags"]
AWAY = "no trial counts"


def share(passed: str) -> float:
    """5 of 6, written "5/6", as a number; NaN where nothing was asked."""
    right, _, asked = str(passed).partition("/")
    return int(right) / int(asked) if asked.isdigit() and int(asked) else float("nan")


def inattentive(people: pd.DataFrame, fewest: float) -> dict[str, str]:
    """Listeners who failed attention checks, and the reason."""
    asked = people[people["attention"].map(share) < fewest]
    return {
        str(name): f"attention checks passed: {passed}"
        for name, passed in zip(asked["listener"], asked["attention"], strict=True)
    }


def unheard(people: pd.DataFrame) -> dict[str, str]:
    """Listeners who failed the headphone check, or skipped it, with headphones on."""
    said = people[people["transducer"].eq("headphones")]
    failed = said[~(said["headphones"].map(share) >= PASS)]
    return {
        str(name): f"headphone check passed: {passed or 'skipped'}"
        for name, passed in zip(failed["listener"], failed["headphones"], strict=True)
    }


def participants(
    people: pd.DataFrame, dropped: pd.DataFrame, screening: pd.DataFrame, sets: dict[str, str]
) -> pd.DataFrame:
    """A row a submission; `sets` has the set of each submission."""
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
