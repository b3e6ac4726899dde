"""The style of all figures, and how they are saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.figure import Figure

from hdemucs.files import replacing
from hdemucs.lettering import as_text

# Okabe and Ito, "Color universal design" (2008), dark enough to print, without yellow and black.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
QUIET = "#8a8a8a"
DPI = 130

SETTINGS: dict[str, Any] = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "hdemucs",  # the same drawing gives the same bytes
    "path.simplify": True,
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply our settings to figures that are drawn and saved inside the block."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, SETTINGS))
        yield


def save(figure: Figure, folder: Path, name: str) -> None:
    """Save <folder>/<name>.svg and <name>.png; the same drawing gives the same bytes."""
    as_text(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # it is laid out: not again for each file
    for suffix, metadata in {"svg": {"Date": None}, "png": {"Software": None}}.items():
        with replacing(folder / f"{name}.{suffix}") as temporary:
            figure.savefig(temporary, format=suffix, dpi=DPI, metadata=metadata)


def look(index: int) -> dict[str, Any]:
    """Colour, dash and marker of curve number `index`; 28 are distinct."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[(index // len(COLOURS)) % len(DASHES)],
        "marker": MARKERS[index % len(MARKERS)],
    }
