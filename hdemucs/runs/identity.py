"""What a training run is: the configuration, data, start and code that decide its weights.

Nothing else has a say: not where it runs, not how often it saves, not comments, docstrings or
layout of the code, not the code that launches it, not a family that another variant has. So a
parameter flipped back finds its finished run, and an old run is never taken for a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hdemucs.files import digest

PROGRAM = "hdemucs.training"  # what a training job runs
LETTERS = 16  # of the digest, in a run's name


@dataclass(frozen=True)
class Identity:
    """The digests of what decides the weights of one variant."""

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
        """What of this identity is not so in another one, in words."""
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
    """What of a manifest (JSON values) decides weights: the songs of training and validation.

    Test songs do not, nor where files lie and how loud they are.
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
