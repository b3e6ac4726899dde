"""Several trained variants as one system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.files import read_json

CURE = "run `dvc repro resolve`, which writes it from params.yaml"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BagConfig:
    """configs/train/<variant>.json of a bag (paper facts 2.8)."""

    kind: Literal["bag"]
    variant: str
    members: Annotated[dict[str, str], Field(min_length=1)]  # variant -> SHA-256 of its config
    weights: tuple[tuple[float, ...], ...] | None  # [member][source]; None: all alike


def is_bag(path: Path) -> bool:
    """Whether a variant's configuration is a bag's.

    Raises:
        UserError: the file is missing or damaged.
    """
    return bool(read_json(path, CURE).get("kind") == "bag")
