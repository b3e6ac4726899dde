"""Estimates as the networks give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.models.family import Separator
from hdemucs.separation.post.base import Together


@dataclass(frozen=True, kw_only=True, config=STRICT)
class NoneConfig:
    """Nothing to choose."""

    kind: Literal["none"]


def build(config: NoneConfig, members: Sequence[Separator]) -> Separator:  # noqa: ARG001
    """A single member is the system itself, and may use more audio than it estimates."""
    return members[0] if len(members) == 1 else Together(members)


PART = Part(config=NoneConfig, build=build)
