"""qc/: measurements of the stimuli, the alignment of systems, and spectrograms.

They are for experimenters: conditions have names, and no blind names appear, so they unblind no
trial.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hdemucs import audio
from hdemucs.files import replacing, write_text
from hdemucs.listening.key import Entry
from hdemucs.listening.layout import MEASURES
from hdemucs.listening.stimuli.anchors import stft
from hdemucs.listening.stimuli.checks import Correlation, best_lag
from hdemucs.listening.stimuli.render import OPEN
from hdemucs.listening.stimuli.sets import MUSHRA, Built, sound

Image = Float[np.ndarray, "frequency time"]

LOUD = 3.0  # LU from the reference above which a stimulus should be checked
FLOOR = -90.0  # dB relative to the loudest bin
COLUMNS = (
    "excerpt", "source", "condition", "role", "gain_db", "lufs", "delta_lu", "dbtp", "nsdr_db",
    "flag",
)  # fmt: skip


def write_qc(root: Path, built: Built, rate: int) -> None:
    """Write stimuli.csv, alignment.csv and one sheet of spectrograms per source to `root`/qc."""
    shown = [e for e in built.entries if e.set == MUSHRA and e.role != OPEN]
    write_text(root / MEASURES, table(COLUMNS, [measures(e) for e in shown]))
    aligned = alignment(built.correlations, len({entry.excerpt for entry in shown}))
    write_text(root / "qc" / "alignment.csv", table(tuple(aligned[0]), aligned))
    for source in sorted({entry.source for entry in shown}):
        entries = [entry for entry in shown if entry.source == source]
        sheet(root, entries, rate, root / "qc" / f"spectrograms-{source}.png")


def measures(entry: Entry) -> dict[str, object]:
    off = entry.delta_lu is not None and abs(entry.delta_lu) > LOUD
    return {
        **{name: getattr(entry, name) for name in COLUMNS if name != "flag"},
        "flag": f"more than {LOUD:g} LU off the reference" if off else "",
    }


def alignment(correlations: Mapping[str, Correlation], excerpts: int) -> list[dict[str, object]]:
    """Each system's lag in samples, and its mean correlation with references at lag 0 and at the
    best.
    """
    return [
        {
            "system": system,
            "lag": best_lag(sums, excerpts),
            "at_zero": round(float(sums[len(sums) // 2]) / excerpts, 4),
            "at_peak": round(float(sums.max()) / excerpts, 4),
        }
        for system, sums in correlations.items()
    ]


def table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def sheet(root: Path, entries: Sequence[Entry], rate: int, path: Path) -> None:
    """Spectrograms of a source: one row per excerpt, one column per condition, one scale."""
    excerpts = sorted({entry.excerpt for entry in entries})
    conditions = list(dict.fromkeys(entry.condition for entry in entries))
    figure = Figure(figsize=(1.9 * len(conditions), 1.5 * len(excerpts) + 0.4), dpi=90)
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(excerpts), len(conditions), squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.set_frame_on(False)
    for entry in entries:
        axis = axes[excerpts.index(entry.excerpt)][conditions.index(entry.condition)]
        extent = (0, entry.seconds, 0, rate / 2000)
        axis.imshow(
            image(sound(root, entry)),
            origin="lower",
            aspect="auto",
            extent=extent,
            vmin=FLOOR,
            vmax=0,
        )
    for column, condition in enumerate(conditions):
        axes[0][column].set_title(condition, fontsize=7)
    for row, excerpt in enumerate(excerpts):
        axes[row][0].set_ylabel(f"{excerpt}\n0 to {rate / 2000:g} kHz", fontsize=6)
    figure.tight_layout(pad=0.4)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def image(path: Path) -> Image:
    """Magnitudes in dB below full scale, averaged over channels."""
    spectrum = np.abs(stft(audio.read(path))).mean(0).T
    return 20 * np.log10(np.maximum(spectrum / (spectrum.shape[0] / 2), 10 ** (FLOOR / 20)))
