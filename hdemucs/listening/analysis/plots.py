"""Figures of the ratings: boxes, means with intervals, differences, screening, nSDR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hdemucs.files import replacing
from hdemucs.lettering import as_text
from hdemucs.listening.analysis.describe import POOLED
from hdemucs.listening.analysis.tables import NAMES, TITLES, ordered

GREY, INK, ACCENT, WARM = "#b8bfc6", "#1c2126", "#0b5cad", "#b3541e"
LIMITS = {"mushra": (-3, 103), "mos": (0.8, 5.2)}
MARKERS = "osD^v<>P*X"
FORMATS: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}}
LABELLED = 9  # largest number of points that are labelled with names
BETTER = "higher is better"


def draw(found: Mapping[str, pd.DataFrame], sources: Sequence[str], folder: Path) -> None:
    """Write every figure for which there is data.

    `found` has ratings, cells, contrasts, screening, stimuli and variance.
    """
    whole = {
        "differences": differences,
        "screening": screened,
        "stimuli": linked,
        "variance": shares,
    }
    screening = found["screening"]
    frames = {
        **found,
        "differences": found["contrasts"],
        "screening": screening[screening["set"].eq("mushra")],
    }
    for name, picture in whole.items():
        if len(frames[name]):
            save(picture(frames[name]), folder / name)
    cells = found["cells"]
    for kind, own in cells.groupby("set"):
        save(plane(own, str(kind)), folder / f"{kind}-plane")
        for attribute, figures in own.groupby("attribute"):
            frame = found["ratings"]
            frame = frame[frame["set"].eq(str(kind)) & frame["attribute"].eq(str(attribute))]
            figure = scores(str(kind), str(attribute), frame, figures, sources)
            save(figure, folder / f"{kind}-{attribute}")


def canvas(columns: int, rows: int, width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def save(figure: Figure, path: Path) -> None:
    """Save as PNG and SVG; equal numbers give equal bytes."""
    as_text(figure)
    figure.tight_layout()
    for suffix, metadata in FORMATS.items():
        with (
            rc_context({"svg.hashsalt": "ratings"}),
            replacing(path.with_name(f"{path.name}.{suffix}")) as temporary,
        ):
            figure.savefig(temporary, format=suffix, metadata=metadata)


def scores(
    kind: str, attribute: str, frame: pd.DataFrame, cells: pd.DataFrame, sources: Sequence[str]
) -> Figure:
    """Boxes of all ratings, and means with their 95 % intervals (BS.1534-3, 10.3), by source."""
    shown = [source for source in sources if source in set(frame["source"])]
    names = [name for name, _ in ordered(cells)]
    figure, axes = canvas(len(shown), 1, 1.2 + 2.6 * len(shown), 0.35 * len(names) + 1.8)
    for axis, source in zip(axes[0], shown, strict=True):
        own = frame[frame["source"] == source]
        groups = [own[own["condition"] == name]["score"].to_numpy(float) for name in names]
        boxes(axis, groups, [own[own["condition"] == name]["role"].tolist() for name in names])
        means = cells[cells["column"] == source].set_index("condition").reindex(names)
        axis.errorbar(
            means["mean"], range(len(names)), xerr=means["interval"].fillna(0), fmt="D",
            color=WARM, markersize=4, capsize=3,
        )  # fmt: skip
        axis.set(title=source, xlim=LIMITS[kind])
        axis.set_yticks(range(len(names)), [label(kind, name) for name in names])
        axis.tick_params(labelleft=axis is axes[0][0])
        axis.invert_yaxis()
    told = f"{TITLES[attribute]} ({BETTER}): boxes of all ratings; diamonds: mean and interval"
    width = round(14 * figure.get_figwidth())  # characters of this size that fit into a line
    figure.suptitle("\n".join(wrap(told, width)), fontsize=9)
    return figure


def label(kind: str, name: str) -> str:
    return NAMES[kind] if name == "reference" else name


def boxes(axis: Any, groups: Sequence[np.ndarray], roles: Sequence[list[str]]) -> None:
    """Draw boxes: systems in colour, reference and anchors in grey."""
    drawn = axis.boxplot(
        [group if len(group) else [np.nan] for group in groups],
        orientation="horizontal", positions=range(len(groups)), widths=0.6, patch_artist=True,
        medianprops={"color": INK}, flierprops={"markersize": 3},
    )  # fmt: skip
    for box, role in zip(drawn["boxes"], roles, strict=True):
        box.set(facecolor=ACCENT if "system" in role else GREY, alpha=0.5)


def differences(contrasts: pd.DataFrame) -> Figure:
    """Each system minus the baseline, all sources pooled."""
    frame = contrasts[contrasts["column"] == POOLED]
    groups = list(frame.groupby(["set", "attribute"]))
    most = max(len(own) for _, own in groups)
    figure, axes = canvas(len(groups), 1, 1.5 + 2.8 * len(groups), 1.3 + 0.3 * most)
    for axis, ((kind, attribute), own) in zip(axes[0], groups, strict=True):
        places = range(len(own))
        axis.axvline(0, color=GREY)
        axis.errorbar(own["difference"], places, xerr=own["interval"].fillna(0), fmt="D",
                      color=ACCENT, capsize=3)  # fmt: skip
        axis.set_yticks(places, own["system"])
        against = f"minus {own['baseline'].iloc[0]}"
        axis.set(title=f"{kind}:\n{TITLES[str(attribute)]}", xlabel=against)
        axis.set_ylim(-0.5, len(own) - 0.5)
    return figure


def screened(screening: pd.DataFrame) -> Figure:
    """Each listener's missed hidden references and 7 kHz anchors."""
    figure, axes = canvas(1, 1, 5.0, 3.6)
    axis = axes[0][0]
    for mark, (verdict, own) in zip(MARKERS, screening.groupby("verdict"), strict=False):
        axis.plot(own["reference_missed"], own["anchor_missed"], mark, label=verdict, alpha=0.7)
    axis.set(xlabel="share of hidden references missed", ylabel="share of 7 kHz anchors missed",
             xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))  # fmt: skip
    axis.legend()
    return figure


def linked(stimuli: pd.DataFrame) -> Figure:
    """Mean score against nSDR, one point for each system's excerpt."""
    groups = list(stimuli.groupby(["set", "attribute"]))
    figure, axes = canvas(len(groups), 1, 3.6 * len(groups), 3.2)
    for axis, ((kind, attribute), own) in zip(axes[0], groups, strict=True):
        for mark, (source, dots) in zip(MARKERS, own.groupby("source"), strict=False):
            axis.plot(dots["nsdr_db"], dots["score"], mark, label=source, alpha=0.7, markersize=4)
        axis.set(title=f"{kind}: {TITLES[str(attribute)]}", xlabel="nSDR (dB)", ylabel="mean score")
        axis.legend(fontsize=7)
    return figure


def shares(variance: pd.DataFrame) -> Figure:
    """The parts of the variance."""
    told = variance["attribute"].map(TITLES)
    table = variance.assign(what=variance["set"] + ": " + told)
    wide = table.pivot_table(index="what", columns="part", values="share", sort=False)
    figure, axes = canvas(1, 1, 7.0, 0.5 * len(wide) + 1.6)
    left = np.zeros(len(wide))
    for name in wide.columns:
        axes[0][0].barh(wide.index, wide[name].fillna(0), left=left, label=name)
        left += wide[name].fillna(0).to_numpy(float)
    axes[0][0].set(xlabel="share of the variance of systems' ratings", xlim=(0, 1))
    axes[0][0].legend(fontsize=7, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def plane(cells: pd.DataFrame, kind: str) -> Figure:
    """Quality against contamination: one point per condition, all sources pooled."""
    frame = cells[cells["column"].eq(POOLED)]
    wide = frame.pivot_table(index="condition", columns="attribute", values="mean")
    wide = wide.reindex(columns=["quality", "contamination"]).dropna()
    roles = frame.drop_duplicates("condition").set_index("condition")["role"]
    crowded = len(wide) > LABELLED
    figure, axes = canvas(1, 1, 7.2 if crowded else 4.6, 4.2 + 0.12 * max(0, len(wide) - 24))
    axis = axes[0][0]
    for number, name in enumerate(wide.index, 1):
        place = [float(wide.loc[name, axis]) for axis in ("contamination", "quality")]
        colour, said = ACCENT if roles[name] == "system" else GREY, label(kind, str(name))
        axis.plot(*place, "o", color=colour, label=f"{number} {said}")
        right = place[0] > np.mean(LIMITS[kind])  # the name would not fit on the other side
        text = str(number) if crowded else said
        axis.annotate(text, place, fontsize=8, xytext=(-4 if right else 4, 4),
                      textcoords="offset points", ha="right" if right else "left")  # fmt: skip
    if crowded:
        axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.0)
    axis.set(xlabel=TITLES["contamination"], ylabel=TITLES["quality"], xlim=LIMITS[kind],
             ylim=LIMITS[kind], title=f"{kind}, all sources pooled")  # fmt: skip
    return figure
