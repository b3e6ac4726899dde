"""Whether excerpts represent the test set: each system's nSDR on them and on the whole set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hdemucs.errors import UserError
from hdemucs.files import read_json
from hdemucs.listening.layout import MEASURES
from hdemucs.listening.session_list import CURE as LISTENING

Means = Mapping[str, Mapping[str, float]]  # nSDR in dB by system and source, over the test set
CURE = "run `dvc repro evaluate`, which writes it"
COLUMNS_READ = ["source", "role", "condition", "nsdr_db"]
COLUMNS = ["source", "system", "excerpts", "nsdr_excerpts", "nsdr_test_set", "same_order"]


@dataclass(frozen=True)
class TestSet:
    """The test set of the excerpts: its name, and the systems' scores on all of it."""

    __test__ = False  # otherwise pytest collects it

    data: str
    means: Means


def read_means(scores: Path, systems: Sequence[str]) -> Means:
    """Read evaluation's `scores`/<system>/summary.json; systems without one are left out."""
    paths = {name: scores / name / "summary.json" for name in systems}
    return {name: read_json(path, CURE)["nsdr"] for name, path in paths.items() if path.exists()}


def read_measures(folder: Path) -> pd.DataFrame:
    """The measurements of each stimulus of the sets in `folder`, by name; no key is needed.

    Raises:
        UserError: the table is missing or another one.
    """
    path = folder / MEASURES
    try:
        return pd.read_csv(path, keep_default_na=False)[COLUMNS_READ]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(path, "is missing or no table of stimuli", LISTENING) from error


def representativeness(measures: pd.DataFrame, whole: Means) -> pd.DataFrame:
    """One row per source and system; `same_order`: whether excerpts order systems as the test set
    does.

    `measures` has one row per stimulus: source, role, condition, nSDR in dB.
    """
    systems = measures[measures["role"].eq("system")]
    frame = pd.DataFrame(
        {
            "source": systems["source"],
            "system": systems["condition"],
            "nsdr": systems["nsdr_db"].astype("float64"),
        }
    )
    rows = []
    for source, own in frame.groupby("source"):
        means = own.groupby("system")["nsdr"].mean()
        known = {name: whole.get(str(name), {}).get(str(source)) for name in means.index}
        order = sorted(means.index, key=lambda name: -float(means[name]))
        complete = all(value is not None for value in known.values())
        wanted = sorted(means.index, key=lambda name: -float(known[name] or 0.0))
        rows += [
            {
                "source": source,
                "system": name,
                "excerpts": int((own["system"] == name).sum()),
                "nsdr_excerpts": round(float(means[name]), 3),
                "nsdr_test_set": known[name],
                "same_order": order == wanted if complete else None,
            }
            for name in means.index
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def warnings(table: pd.DataFrame) -> list[str]:
    """Warnings for the reader."""
    differing = table.loc[table["same_order"].eq(False), "source"].unique()  # noqa: FBT003
    return [
        f"{source}: the excerpts order the systems by nSDR otherwise than the whole test set"
        for source in differing
    ]
