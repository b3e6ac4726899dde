"""Scores per source: a box over the test tracks of each system, and every track in it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hdemucs.evaluation.aggregation import ALL
from hdemucs.report.evidence import matrix
from hdemucs.report.figures.style import COLOURS, QUIET
from hdemucs.report.results import Results, Row
from hdemucs.report.scores import heading

SEED = 1  # of the points' vertical jitter, which has no meaning


def boxes(results: Results, metric: str = "SDR") -> Figure:
    """One panel per source, one line per system; diamonds are medians over tracks."""
    rows = [row for row in results.rows if row.name != "mixture"]  # too low for this scale
    sources = (ALL, *results.sources)
    figure = Figure(figsize=(2.1 * len(sources) + 1.8, 0.34 * len(rows) + 1.1))
    axes = figure.subplots(1, len(sources), sharey=True, squeeze=False)[0]
    for axis, source in zip(axes, sources, strict=True):
        panel(axis, rows, source, metric)
        axis.set_title(heading(source), fontsize=10)
    axes[0].set_yticks(range(len(rows)), [row.label for row in rows])
    axes[0].invert_yaxis()
    figure.supxlabel(f"{metric} of a track, dB (median of its frames)", fontsize=9)
    return figure


def panel(axis: Axes, rows: list[Row], source: str, metric: str) -> None:
    scatter = np.random.default_rng(SEED)
    for place, row in enumerate(rows):
        scores = matrix(row, metric, source).mean(axis=0)
        scores = scores[~np.isnan(scores)]  # tracks in which the source is audible
        colour = COLOURS[0] if row.config else QUIET
        axis.boxplot(
            [scores],
            positions=[place],
            orientation="horizontal",
            widths=0.6,
            showfliers=False,
            boxprops={"color": colour},
            whiskerprops={"color": colour},
            capprops={"color": colour},
            medianprops={"color": colour},
        )
        heights = place + scatter.uniform(-0.18, 0.18, len(scores))
        axis.plot(scores, heights, ".", color=colour, markersize=4, alpha=0.6)
        axis.plot(np.median(scores), place, "D", color="black", markersize=3.5)
    axis.axvline(0, color=QUIET, linewidth=0.8)
    axis.grid(visible=False, axis="y")
