"""Training curves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hdemucs.errors import UserError
from hdemucs.report.figures.style import look

COLUMNS = ("epoch", "train_loss", "valid_loss", "valid_nsdr")
HEIGHT, LINE = 3.8, 0.19  # inches: of a figure with few rows, and of an entry of the legend


def read(folder: Path, names: list[str]) -> dict[str, pd.DataFrame]:
    """Read the curves that exist, by system; that of a bag, which is not trained, is empty.

    Raises:
        UserError: a file is damaged or lacks a column.
    """
    paths = {name: folder / f"{name}.csv" for name in names}
    found = {name: checked(path) for name, path in paths.items() if path.exists()}
    return {name: history for name, history in found.items() if len(history)}


def checked(path: Path) -> pd.DataFrame:
    cure = "run the training's stage again"
    try:
        frame = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(path, f"is no readable CSV ({error})", cure) from error
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise UserError(path, f"lacks the column {missing[0]}", cure)
    return frame


def curves(histories: dict[str, pd.DataFrame], labels: dict[str, str]) -> Figure:
    """Losses (training: dashed), each by what its recipe minimises, and validation nSDR by epoch.

    Markers are at the best epochs. Trainings with the same label, the seeds of one row, look alike.
    """
    shown = list(dict.fromkeys(labels[name] for name in histories))
    figure = Figure(figsize=(10, max(HEIGHT, LINE * len(shown))))
    left, right = figure.subplots(1, 2)
    for name, history in histories.items():
        index = shown.index(labels[name])
        line(left, history, "valid_loss", index, labels[name], best="min")
        style = look(index) | {"linestyle": "--", "marker": ""}
        left.plot(history["epoch"], history["train_loss"], linewidth=0.9, alpha=0.7, **style)
        line(right, history, "valid_nsdr", index, labels[name], best="max")
    for axis in (left, right):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set(xlabel="epoch", ylabel="loss by its own objective (training: dashed)")
    right.set(xlabel="epoch", ylabel="validation nSDR, dB")
    handles, names = right.get_legend_handles_labels()
    entries = dict(zip(names, handles, strict=True))
    figure.legend(entries.values(), entries, loc="outside right upper", fontsize=8)
    return figure


def line(
    axis: Axes, history: pd.DataFrame, column: str, index: int, label: str, *, best: str
) -> None:
    values = history[column]
    at = [int(values.argmin() if best == "min" else values.argmax())]
    axis.plot(history["epoch"], values, label=label, markevery=at, **look(index))
