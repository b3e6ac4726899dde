"""The layout of a listening test's folder, and which files listeners may see."""

from __future__ import annotations

from pathlib import Path

INDEX = "index.html"
LIST = "sessions.json"
MEASURES = "qc/stimuli.csv"  # of each excerpt and condition, by name
FOLDERS = ("page", "mushra", "mos", "training")  # served, in addition to INDEX and LIST


def served(root: Path) -> list[Path]:
    """Every file that a listener can request."""
    inside = [path for name in FOLDERS for path in (root / name).rglob("*") if path.is_file()]
    return sorted([root / INDEX, root / LIST, *inside])
