"""Networks of unpadded convolutions: their estimates are shorter than their input."""

from __future__ import annotations

from abc import abstractmethod

from torch.nn import functional as F

from hdemucs.errors import UserError
from hdemucs.models.family import Middle, Mixture, Separator, Sources, middle


def in_silence(separator: Separator, mix: Mixture) -> Sources:
    """Separate a whole mixture, with zeros as the context before and after it."""
    length = mix.shape[-1]
    missing = separator.valid_length(length) - length
    before = missing // 2
    return middle(separator.centre(F.pad(mix, (before, missing - before))), length)


class Unpadded(Separator):
    """A separator whose layers fit only certain input lengths, which are `step` samples apart.

    `forward` surrounds the mixture with silence; `centre` uses the longest part that fits.
    """

    step: int

    def forward(self, mix: Mixture) -> Sources:
        return in_silence(self, mix)

    def centre(self, mix: Mixture) -> Middle:
        """Estimates from the longest valid input in the middle of the mixture.

        Raises:
            UserError: the mixture is shorter than the shortest valid input.
        """
        shortest, length = self.valid_length(1), mix.shape[-1]
        if length < shortest:
            problem = f"has {length} samples, and the network takes {shortest} or more"
            raise UserError("training.segment", problem, "make it longer")
        return self.valid_centre(middle(mix, length - (length - shortest) % self.step))

    @abstractmethod
    def valid_centre(self, mix: Mixture) -> Middle:
        """Estimates from an input that has a valid length."""
