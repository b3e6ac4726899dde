"""One track in detail: SDR over time, and each system's spectrogram of each source."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hdemucs.evaluation.pictures import NAME, Picture, load_pictures
from hdemucs.report.figures.style import look
from hdemucs.report.results import Results, Row
from hdemucs.report.scores import heading

MOST = 5  # systems whose spectrograms are shown
LINE = 16  # characters of a label
LOWEST = -15  # dB; frames in which a source is nearly silent have much lower values


def closeup(results: Results, scores: Path, reference: Path) -> Figure:
    """The first test track, one column per source; `scores` contains the systems' folders."""
    rows = results.models
    shown = {row.label: load_pictures(scores / row.systems[0].name / NAME) for row in rows[:MOST]}
    pictures = {"Reference": load_pictures(reference), **shown}
    pictures = {label: made for label, made in pictures.items() if made}
    heights = [1.6, *([1.0] * len(pictures))]
    sources = results.sources
    size = (3.0 * len(sources), 1.35 * sum(heights) + 0.8)
    figure = Figure(figsize=size)
    axes = figure.subplots(
        len(heights), len(sources), sharex=True, sharey="row", squeeze=False, height_ratios=heights
    )
    for column, source in enumerate(sources):
        over_time(axes[0, column], rows, source)
        axes[0, column].set_title(heading(source), fontsize=10)
        for place, made in enumerate(pictures.values(), start=1):
            spectrogram(axes[place, column], made[column], rows[0])
    axes[0, 0].set_ylim(bottom=LOWEST)
    axes[0, 0].set_ylabel(f"SDR, dB (from {LOWEST})")
    for place, label in enumerate(pictures, start=1):
        axes[place, 0].set_ylabel(fill(label, LINE), fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("time, s")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8
    )
    return figure


def over_time(axis: Axes, rows: tuple[Row, ...], source: str) -> None:
    """Plot the SDR of each frame, with gaps where a source or an estimate is silent."""
    for index, row in enumerate(rows):
        track = row.systems[0].tracks[0]
        values = track.sources[source].frames["SDR"]
        times = [track.hop * place + track.window / 2 for place in range(len(values))]
        style = look(index) | {"markersize": 3, "linewidth": 1}
        axis.plot(times, values, label=row.label, **style)
    axis.set_xlim(0, end_of(rows[0]))


def spectrogram(axis: Axes, made: Picture, row: Row) -> None:
    extent = (0.0, end_of(row), 0.0, 1.0)
    image = axis.imshow(made, cmap="magma", aspect="auto", extent=extent, vmin=0, vmax=255)
    image.set_clip_on(False)  # it fills the axes, and clips' names in SVG files change
    axis.set_yticks([])
    axis.grid(visible=False)


def end_of(row: Row) -> float:
    """The time in seconds at which the first track's last frame ends."""
    track = row.systems[0].tracks[0]
    count = len(next(iter(track.sources.values())).frames["SDR"])
    return track.hop * (count - 1) + track.window
