"""An overview of a data set: its songs' lengths, its stems' loudness and share of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hdemucs.data.manifest import MIXTURE, Manifest
from hdemucs.datasets.summary import SPLITS
from hdemucs.report.figures.style import COLOURS, QUIET

WIDTH, HEIGHT = 10.0, 3.6  # inches
GOLDEN = 0.6180339887  # its multiples, modulo 1, spread points evenly and reproducibly
SPREAD = 0.5  # share of a column's width over which points are spread
MINUTE = 60.0


def overview(manifest: Manifest) -> Figure:
    """Three panels with one point per track, and medians."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    left, middle, right = figure.subplots(1, 3)
    strips(left, lengths(manifest), COLOURS)
    long = max(track.seconds for track in manifest.tracks) > 2 * MINUTE
    left.set_title("Length of tracks")
    left.set_ylabel("minutes" if long else "seconds")
    strips(middle, loudness(manifest), (QUIET, *COLOURS))
    middle.set_title("Loudness")
    middle.set_ylabel("LUFS, whole track")
    strips(right, activity(manifest), COLOURS)
    right.set_title("Stem activity")
    right.set_ylabel("% of seconds above -60 dBFS")
    right.set_ylim(-4, 104)
    for axes in (left, middle, right):
        axes.grid(visible=False, axis="x")
    left.set_ylim(bottom=0)
    return figure


def lengths(manifest: Manifest) -> dict[str, list[float]]:
    seconds = {
        split: [track.seconds for track in manifest.tracks if track.split == split]
        for split in SPLITS
    }
    long = max(max(values, default=0.0) for values in seconds.values()) > 2 * MINUTE
    unit = MINUTE if long else 1.0
    return {
        f"{split}\n({len(values)})": [value / unit for value in values]
        for split, values in seconds.items()
    }


def loudness(manifest: Manifest) -> dict[str, list[float]]:
    """Loudness by stem; silent stems have none."""
    return {
        name: [
            value for track in manifest.tracks if (value := track.files[name].loudness) is not None
        ]
        for name in (MIXTURE, *manifest.sources)
    }


def activity(manifest: Manifest) -> dict[str, list[float]]:
    return {
        name: [100 * track.files[name].active for track in manifest.tracks]
        for name in manifest.sources
    }


def strips(axes: Axes, groups: Mapping[str, Sequence[float]], colours: Sequence[str]) -> None:
    """Draw one column of points per group, and a line at its median."""
    for place, values in enumerate(groups.values()):
        spread = SPREAD * ((np.arange(len(values)) * GOLDEN) % 1 - 0.5)
        colour = colours[place % len(colours)]
        axes.plot(place + spread, values, "o", ms=3.5, alpha=0.6, color=colour, mew=0)
        if values:
            axes.hlines(np.median(values), place - 0.35, place + 0.35, color=colour, lw=2)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.set_xlim(-0.6, len(groups) - 0.4)
