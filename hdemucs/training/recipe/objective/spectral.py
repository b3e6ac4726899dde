"""What objectives over spectrograms have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.errors import UserError
from hdemucs.models.blocks.spectral import SpectrogramSeparator
from hdemucs.models.family import Separator
from hdemucs.training.recipe.objective.base import Batch, Objective, Scalar, Song
from hdemucs.training.recipe.task import Task

Magnitudes = Float[Tensor, "*batch source channel frequency frame"]


class Spectral(Objective):
    """An objective that uses spectrograms inside the separator."""

    def __init__(self, separator: Separator, task: Task) -> None:
        """
        Raises:
            UserError: the separator works on no spectrograms.
        """
        super().__init__(separator, task)
        if not isinstance(separator, SpectrogramSeparator):
            problem = "compares spectrograms, which this model has none of"
            raise UserError("training.objective", problem, "take one of waveforms")

    @property
    def spectral(self) -> SpectrogramSeparator:
        assert isinstance(self.separator, SpectrogramSeparator)
        return self.separator


class MagnitudeDistance(Spectral):
    """A distance between the magnitudes that the network writes and those of the sources.

    Validation starts from waveforms and compares the magnitudes of their spectrograms. These differ
    a
    little from what the network writes, because they also depend on the phase, which comes from the
    mixture, and because songs are separated in segments.
    """

    def __init__(self, separator: Separator, task: Task, *, centred: bool) -> None:
        super().__init__(separator, task)
        self.centred = centred

    @staticmethod
    @abstractmethod
    def distance(estimate: Magnitudes, reference: Magnitudes) -> Scalar:
        """The mean distance over all values."""

    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        z = self.spectral.stft(stems.sum(1), centred=self.centred)
        estimate = self.spectral.estimate(z)
        return {"total": self.distance(estimate, self.magnitudes(self.targets(stems)))}

    def monitor(self, estimates: Song, references: Song) -> Scalar:
        return self.distance(self.magnitudes(estimates), self.magnitudes(references))

    @torch.no_grad()
    def silence(self, stems: Batch) -> Scalar:
        reference = self.magnitudes(self.targets(stems))
        return self.distance(torch.zeros_like(reference), reference)

    def magnitudes(self, x: Float[Tensor, "*batch source channel sample"]) -> Magnitudes:
        return self.spectral.stft(x, centred=self.centred).abs()
