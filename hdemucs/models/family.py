"""What a family of networks offers to the pipeline, and models of any family."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from jaxtyping import Float
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from hdemucs.config.base import STRICT
from hdemucs.config.model import ModelConfig
from hdemucs.config.parts import Part
from hdemucs.registry import part

Mixture = Float[Tensor, "batch channel length"]
Sources = Float[Tensor, "batch source channel length"]
Middle = Float[Tensor, "batch source channel middle"]
Songs = Iterable[Float[Tensor, "channel _"]]  # training mixtures, one whole song at a time


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


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Conditions:
    """What a trained model was made for, and separation therefore keeps to."""

    normalise: Literal["mixture", "none"]  # songs by their mono mixture, or left as they are
    chunk: float | None  # seconds that songs must be cut to; None: any length will do


DEMUCS = Conditions(normalise="mixture", chunk=None)  # what Demucs models are made for


def middle(x: Tensor, length: int) -> Tensor:
    """The middle `length` samples of the last axis: where `centre` puts its estimates."""
    return x.narrow(-1, (x.shape[-1] - length) // 2, length)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family(Part):
    """One kind of network: everything that the pipeline must know of it.

    `build` takes the configuration alone, and draws from torch's global generator; it is also
    called under `torch.device("meta")`, for names and shapes.
    """

    fit: Callable[[Any, Songs], None] | None = None  # to the training songs, before the first step


def family_of(config: ModelConfig) -> Family:
    """The family that a configuration is of."""
    found: Family = part("model", config.kind)
    return found


def build(config: ModelConfig, seed: int) -> Separator:
    """A freshly initialised model: the same weights for the same seed, on the CPU.

    Modules draw from torch's global generator, which is seeded for them and then given its
    state back, so nobody else's draws change.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model: Separator = family_of(config).build(config)
        return model


def skeleton(config: ModelConfig) -> Separator:
    """The same model with no memory for its weights: for their names and shapes."""
    with torch.device("meta"):
        model: Separator = family_of(config).build(config)
        return model
