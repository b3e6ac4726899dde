"""The text that `hdemucs data` prints."""

from __future__ import annotations

from pathlib import Path

from hdemucs.data.manifest import Manifest
from hdemucs.datasets.place import check_present, where
from hdemucs.datasets.remarks import remarks
from hdemucs.datasets.summary import summary
from hdemucs.errors import UserError


def show(manifest: Manifest, residual: float, home: Path) -> str:
    """The data set of data/manifest.json: its splits, whether it is present, and its oddities."""
    root = where(manifest.name, home)
    try:
        check_present(root, manifest)
        place = f"all of it is in {root}"
    except UserError as refusal:
        place = f"not here: {refusal}"
    odd = [f"remark: {finding}" for finding in remarks(manifest, residual)]
    return "\n".join([summary(manifest), place, *(odd or ["no remarks"])])
