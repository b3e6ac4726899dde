"""The identity of a training run: the configuration, data, start and code that decide its weights.

Nothing else is part of it: not the machine, how often checkpoints are saved, comments, docstrings
or layout of the code, the code that launches jobs, or families that only other variants use. So a
parameter that is set back finds its finished run, and an old run is never taken for a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hdemucs.files import digest

PROGRAM = "hdemucs.training"  # the program of a training job
LETTERS = 16  # digits of the digest in a run's name


@dataclass(frozen=True)
class Identity:
    """The digests of everything that decides the weights of one variant."""

    variant: str
    config: str
    data: str
    code: dict[str, str] = field(hash=False)  # by file, relative to the project
    start: str | None  # of the finished model that training starts from

    @property
    def key(self) -> str:
        return digest([self.config, self.data, sorted(self.code.items()), self.start])[:LETTERS]

    @property
    def run(self) -> str:
        """The name of its run directory."""
        return f"{self.variant}-{self.key}"

    def difference(self, other: Identity) -> str:
        """How this identity differs from another one, in words."""
        files = sorted(
            path
            for path in self.code.keys() | other.code.keys()
            if self.code.get(path) != other.code.get(path)
        )
        parts = {
            f"configs/train/{self.variant}.json": self.config != other.config,
            "data/manifest.json": self.data != other.data,
            "the model it starts from": self.start != other.start,
        }
        return ", ".join([*files, *(name for name, differs in parts.items() if differs)])


def trained_on(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a manifest (JSON values) that decides weights: songs of training and validation.

    Test songs, the places of files and their loudness do not.
    """
    whole = ("sample_rate", "channels", "sources")
    each = ("name", "split", "frames", "mean", "std")
    return {
        **{key: manifest[key] for key in whole},
        "tracks": [
            {
                **{key: track[key] for key in each},
                "files": {name: file["sha256"] for name, file in track["files"].items()},
            }
            for track in manifest["tracks"]
            if track["split"] != "test"
        ],
    }
