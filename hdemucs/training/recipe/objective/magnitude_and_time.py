"""CrossNet Open-Unmix's loss: magnitudes and waveforms, of sources and of sums of sources.

R. Sawata, S. Uhlich, S. Takahashi and Y. Mitsufuji, "All for One and One for All: Improving Music
Separation by Bridging Networks", ICASSP 2021, section 3, and `MultiDomainLoss` in
egs/musdb18/X-UMX/train.py of asteroid.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.errors import UserError
from hdemucs.models.family import Separator
from hdemucs.training.recipe.objective.base import Batch, Scalar, Song
from hdemucs.training.recipe.objective.spectral import Magnitudes, Spectral
from hdemucs.training.recipe.task import Task

EPSILON = 1e-10
FEWEST = 2  # sources: a single one has no sums

Waves = Float[Tensor, "*batch source channel sample"]
Vectors = Float[Tensor, "*batch channel sample"]
Values = Float[Tensor, "*batch channel"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MagnitudeAndTimeConfig:
    """Settings; the total is the loss of magnitudes plus `time` times the loss of waveforms."""

    kind: Literal["magnitude_and_time"]
    time: Annotated[float, Field(ge=0)]


class MagnitudeAndTime(Spectral):
    """The mean loss over all sums of sources except the sum of all: 14 sums for four sources.

    Parts: `magnitude` is the mean squared error of the sums of magnitudes; `time` is 1 minus the
    weighted SDR, from 0 to 2.
    """

    subsets: Tensor

    def __init__(self, config: MagnitudeAndTimeConfig, separator: Separator, task: Task) -> None:
        """
        Raises:
            UserError: the separator has a single source.
        """
        super().__init__(separator, task)
        self.time = config.time
        count = len(separator.sources)
        if count < FEWEST:
            problem = "compares sums of sources, and this model has one source"
            raise UserError(f"training.objective.kind={config.kind}", problem, "train it on more")
        self.subsets = proper_subsets(count)

    def forward(self, stems: Batch) -> Mapping[str, Scalar]:
        stft, targets = self.spectral.stft, self.targets(stems)
        z = stft(stems.sum(1))
        estimate = self.spectral.estimate(z)
        length = stft.hop * (z.shape[-1] - 1)  # what whole hops cover, as in the reference
        waves = stft.inverse(self.spectral.decoder.spectrograms(estimate, z), length)
        return self.losses(estimate, stft(targets).abs(), waves, targets[..., :length])

    def losses(
        self, estimate: Magnitudes, reference: Magnitudes, waves: Waves, targets: Waves
    ) -> Mapping[str, Scalar]:
        subsets = self.subsets.to(waves)
        magnitude = of_sums(estimate - reference, subsets)
        time = torch.stack([negative_sdr(waves, targets, subset).mean() for subset in subsets])
        time = 1 + time.mean()
        return {"total": magnitude + self.time * time, "magnitude": magnitude, "time": time}

    def monitor(self, estimates: Song, references: Song) -> Scalar:
        stft = self.spectral.stft
        return self.losses(
            stft(estimates).abs(), stft(references).abs(), estimates, references
        )["total"]  # fmt: skip

    @torch.no_grad()
    def silence(self, stems: Batch) -> Scalar:
        targets = self.targets(stems)
        reference = self.spectral.stft(targets).abs()
        silent = torch.zeros_like(targets)
        return self.losses(torch.zeros_like(reference), reference, silent, targets)["total"]


def proper_subsets(count: int) -> Float[Tensor, "subset source"]:
    """Every subset but the empty and the full one, as a row of 1 and 0: singles first, then pairs,
    ...
    """
    chosen = [s for size in range(1, count) for s in combinations(range(count), size)]
    return torch.tensor([[float(i in subset) for i in range(count)] for subset in chosen])


def of_sums(error: Magnitudes, subsets: Float[Tensor, "subset source"]) -> Scalar:
    """The mean over subsets S of the mean square of the sources' errors, summed over S.

    It is computed as a quadratic form in the errors, so that no sum has to be made.
    """
    weights = subsets.mT @ subsets / len(subsets)
    mixed = torch.einsum("ij,...jcft->...icft", weights, error)
    return (error * mixed).mean() * len(weights)


def negative_sdr(waves: Waves, targets: Waves, subset: Float[Tensor, " source"]) -> Values:
    """The negative weighted SDR of a sum y of sources: -a cos(y, y') - (1 - a) cos(n, n').

    n is the rest of the mixture, y' and n' = x - y' are estimates, x is the sum of all targets, and
    a is y's share of the energy of y and n (H.-S. Choi et al., "Phase-aware Speech Enhancement with
    Deep Complex U-Net", ICLR 2019, equation 9). A vector is one channel of one example.
    """
    mixture = targets.sum(-3)
    y, estimate = (torch.einsum("s,...sct->...ct", subset, x) for x in (targets, waves))
    rest, estimated_rest = mixture - y, mixture - estimate
    energy, rest_energy = y.square().sum(-1), rest.square().sum(-1)
    share = energy / (energy + rest_energy + EPSILON)
    return -share * cosine(y, estimate) - (1 - share) * cosine(rest, estimated_rest)


def cosine(a: Vectors, b: Vectors) -> Values:
    lengths = [(EPSILON + x.square().sum(-1)).sqrt() for x in (a, b)]
    return (a * b).sum(-1) / (lengths[0] * lengths[1] + EPSILON)


PART = Part(config=MagnitudeAndTimeConfig, build=MagnitudeAndTime)
