"""Numbers that others published, each with its source and the conditions behind it.

`published.csv` holds the paper's tables (arXiv 2111.03600v3), the oracles of SiSEC 2018, and what
other systems' authors, or evaluations of them, published ("systems"). The paper's conditions are
those of the authors' own grids (facebookresearch/demucs, `grids/repro.py`, `grids/repro_ft.py`),
and parameters are counted in models built by the official package from them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

COLUMNS = ("all", "drums", "bass", "other", "vocals")


@dataclass(frozen=True)
class Published:
    """One row of a published table. None means not stated."""

    key: str
    table: str
    label: str
    metric: str
    aggregation: str
    data: str
    scores: dict[str, float]  # dB (or MOS points), by source and "all"
    models: int | None  # in the bag; 1: a single model
    epochs: int | None  # of the training from new weights
    fine_tuned: bool | None
    tuning_epochs: int | None  # of the fine-tuning after it
    shifts: int | None
    parameters: int | None  # of all models together
    source: str


def published() -> dict[str, Published]:
    """All published rows by key, in the order of their tables."""
    text = files("hdemucs.report").joinpath("published.csv").read_text()
    return {line["key"]: entry(line) for line in csv.DictReader(text.splitlines())}


def entry(line: dict[str, str]) -> Published:
    return Published(
        key=line["key"],
        table=line["table"],
        label=line["label"],
        metric=line["metric"],
        aggregation=line["aggregation"],
        data=line["data"],
        scores={source: float(line[source]) for source in COLUMNS},
        models=count(line["models"]),
        epochs=count(line["epochs"]),
        fine_tuned=line["fine_tuned"] == "yes" if line["fine_tuned"] else None,
        tuning_epochs=count(line["tuning_epochs"]),
        shifts=count(line["shifts"]),
        parameters=count(line["parameters"]),
        source=line["source"],
    )


def count(text: str) -> int | None:
    return int(text) if text else None
