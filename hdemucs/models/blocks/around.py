"""Wrappers of a separator: at another sample rate, or one channel at a time."""

from __future__ import annotations

from math import gcd

from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from hdemucs.models.family import Middle, Mixture, Separator, Sources, middle

from .resample import Resample
from .unpadded import in_silence


class ChannelByChannel(Separator):
    """A network of one channel, applied to every channel of the mixture separately."""

    def __init__(self, network: Separator) -> None:
        super().__init__()
        self.network, self.sources = network, network.sources

    def forward(self, mix: Mixture) -> Sources:
        return self.joined(self.network(self.split(mix)), mix)

    def centre(self, mix: Mixture) -> Middle:
        return self.joined(self.network.centre(self.split(mix)), mix)

    def valid_length(self, length: int) -> int:
        return self.network.valid_length(length)

    @staticmethod
    def split(mix: Mixture) -> Float[Tensor, "example 1 length"]:
        return rearrange(mix, "b c l -> (b c) 1 l")

    @staticmethod
    def joined(estimates: Float[Tensor, "example source 1 middle"], mix: Mixture) -> Middle:
        return rearrange(estimates, "(b c) s 1 l -> b s c l", b=len(mix))


class AtRate(Separator):
    """A network that works at `rate` Hz, for mixtures at `sample_rate` Hz.

    The network neither sees nor estimates frequencies above half of the lower rate.
    """

    def __init__(self, network: Separator, sample_rate: int, rate: int) -> None:
        super().__init__()
        self.network, self.sources = network, network.sources
        common = gcd(sample_rate, rate)
        # The number of samples of each rate in a unit, the shortest time after which both have one.
        self.outside, self.inside = sample_rate // common, rate // common
        self.enter = Resample(self.inside, self.outside)
        self.leave = Resample(self.outside, self.inside)
        self.edge = -(-self.leave.margin // self.inside)  # units that the filter's ends reach into

    def forward(self, mix: Mixture) -> Sources:
        return in_silence(self, mix)

    def centre(self, mix: Mixture) -> Middle:
        """Cut off whole units at the ends: both rates have a sample at the start of each."""
        units = mix.shape[-1] // self.outside
        inner = self.network.centre(self.enter(middle(mix, units * self.outside)))
        lost = units * self.inside - inner.shape[-1]
        cut = -(-((lost + 1) // 2) // self.inside)
        kept = units - 2 * cut
        whole = inner.narrow(-1, cut * self.inside - lost // 2, kept * self.inside)
        back = self.leave(rearrange(whole, "b s c l -> b (s c) l"))
        back = middle(back, (kept - 2 * self.edge) * self.outside)
        return rearrange(back, "b (s c) l -> b s c l", s=len(self.sources))

    def valid_length(self, length: int) -> int:
        units = -(-length // self.outside) + 2 * self.edge + 2
        return -(-self.network.valid_length(units * self.inside) // self.inside) * self.outside
