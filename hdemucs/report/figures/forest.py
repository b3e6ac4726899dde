"""Paired differences with their intervals."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hdemucs.report.evidence import Comparison
from hdemucs.report.figures.style import COLOURS, QUIET
from hdemucs.report.scores import heading


def forest(found: list[Comparison]) -> Figure:
    """One panel per source, one line per row; hollow where no difference is decided."""
    sources = list(dict.fromkeys(one.source for one in found))
    names = list(dict.fromkeys(one.row.name for one in found))
    figure = Figure(figsize=(2.1 * len(sources) + 2.4, 0.36 * len(names) + 1.2))
    axes = figure.subplots(1, len(sources), sharex=True, sharey=True, squeeze=False)[0]
    for axis, source in zip(axes, sources, strict=True):
        panel(axis, [one for one in found if one.source == source], names)
        axis.set_title(heading(source), fontsize=10)
    labels = {o.row.name: f"{o.row.label}\nto {o.baseline.label}" for o in found}
    axes[0].set_yticks(range(len(names)), [labels[name] for name in names], fontsize=8)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    figure.supxlabel("Paired difference in SDR to the baseline, dB, with its interval", fontsize=9)
    return figure


def panel(axis: Axes, found: list[Comparison], names: list[str]) -> None:
    axis.axvline(0, color=QUIET, linewidth=0.8)
    for one in found:
        place, interval = names.index(one.row.name), one.difference.interval
        colour = COLOURS[0] if one.differs else QUIET
        if np.isfinite(interval.low):
            axis.plot([interval.low, interval.high], [place, place], color=colour, linewidth=1.6)
        fill = colour if one.differs else "white"
        axis.plot(one.difference.mean, place, "o", color=colour, markerfacecolor=fill)
    axis.grid(visible=False, axis="y")
