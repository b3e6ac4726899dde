"""Several separators as one that has the sources of all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from hdemucs.errors import UserError
from hdemucs.models.family import Mixture, Separator, Sources


class Together(Separator):
    """Every member separates the same mixture; their estimates are concatenated.

    So a system with one network per source is a separator like any other.
    """

    def __init__(self, members: Sequence[Separator]) -> None:
        """
        Raises:
            UserError: two members give the same source.
        """
        super().__init__()
        self.members = nn.ModuleList(members)
        self.sources = tuple(source for member in members for source in member.sources)
        twice = sorted({s for s in self.sources if self.sources.count(s) > 1})
        if twice:
            problem = f"has {', '.join(twice)} from two models"
            raise UserError("separation.post", problem, "take models of different sources")

    def forward(self, mix: Mixture) -> Sources:
        return torch.cat([member(mix) for member in self.members], 1)

    def valid_length(self, length: int) -> int:
        """The longest of the members' valid lengths."""
        return max(member.valid_length(length) for member in self.each())

    def each(self) -> list[Separator]:
        return [member for member in self.members if isinstance(member, Separator)]
