"""What a family of networks offers to the pipeline: its configuration, and how it is built."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from jaxtyping import Float
from torch import Tensor, nn

Mixture = Float[Tensor, "batch channel length"]
Sources = Float[Tensor, "batch source channel length"]
Middle = Float[Tensor, "batch source channel middle"]
Songs = Iterable[Float[Tensor, "channel _"]]  # training mixtures, one whole song at a time
C = TypeVar("C")


class Separator(nn.Module, ABC):
    """A mixture to its sources. [batch, channel, sample] -> [batch, source, channel, sample]."""

    sources: tuple[str, ...]

    @abstractmethod
    def forward(self, mix: Mixture) -> Sources:
        """Estimates in the order of `sources`, of the mixture's length."""

    def centre(self, mix: Mixture) -> Middle:
        """Estimates of the middle of a mixture, whose ends serve as context only.

        [batch, channel, n] -> [batch, source, channel, m], where m <= n and the estimates start at
        sample (n - m) // 2 of the mixture. Networks of unpadded convolutions estimate less than
        they see; all others estimate everything.
        """
        return self(mix)

    def valid_length(self, length: int) -> int:
        """The shortest input from which `centre` estimates `length` samples without padding.

        Callers with more audio should pass so many samples to `centre` and trim its output.
        """
        return length

    def compile_units(self) -> Iterable[nn.Module]:
        """The submodules that torch.compile may take, one by one."""
        return ()


def middle(x: Tensor, length: int) -> Tensor:
    """The middle `length` samples of the last axis: where `centre` puts its estimates."""
    return x.narrow(-1, (x.shape[-1] - length) // 2, length)


@dataclass(frozen=True, kw_only=True)
class Family(Generic[C]):
    """One kind of network: everything that the pipeline must know of it."""

    config: type[C]  # frozen, strict, no defaults, with `kind: Literal[...]`
    build: Callable[[C], Separator]  # draws from torch's global generator, on any device
    fit: Callable[[Any, Songs], None] | None = None  # to the training songs, before the first step
