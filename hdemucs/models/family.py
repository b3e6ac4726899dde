"""What a family of networks offers to the pipeline, and how models of any family are built."""

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
    """Separates mixtures: [batch, channel, sample] -> [batch, source, channel, sample]."""

    sources: tuple[str, ...]

    @abstractmethod
    def forward(self, mix: Mixture) -> Sources:
        """Estimates in the order of `sources`, with the mixture's length."""

    def centre(self, mix: Mixture) -> Middle:
        """Estimates of the middle of a mixture, whose ends are used as context only.

        [batch, channel, n] -> [batch, source, channel, m], where m <= n and the estimates start at
        sample (n - m) // 2 of the mixture. Networks of unpadded convolutions estimate less than
        their input; all others estimate all of it.
        """
        return self(mix)

    def valid_length(self, length: int) -> int:
        """The length of the shortest input from which `centre` estimates `length` samples without
        padding.

        Callers with more audio should pass that many samples to `centre` and trim its output.
        """
        return length

    def compile_units(self) -> Iterable[nn.Module]:
        """The submodules that torch.compile can compile, one by one."""
        return ()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Conditions:
    """The conditions that a model was trained under, which separation must keep."""

    normalise: Literal["mixture", "none"]  # songs scaled by their mono mixture, or not at all
    chunk: float | None  # seconds that songs must be cut into; None: any length will do


DEMUCS = Conditions(normalise="mixture", chunk=None)  # of Demucs models


def middle(x: Tensor, length: int) -> Tensor:
    """The middle `length` samples of the last axis: the place of `centre`'s estimates."""
    return x.narrow(-1, (x.shape[-1] - length) // 2, length)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family(Part):
    """One kind of network: everything that the pipeline must know of it.

    `build` takes the configuration only and draws from torch's global generator. It is also called
    under `torch.device("meta")`, to find names and shapes.
    """

    fit: Callable[[Any, Songs], None] | None = None  # to training songs, before step 1


def family_of(config: ModelConfig) -> Family:
    """The family that a configuration belongs to."""
    found: Family = part("model", config.kind)
    return found


def build(config: ModelConfig, seed: int) -> Separator:
    """Build a freshly initialised model on the CPU; the same seed gives the same weights.

    Modules draw from torch's global generator. It is seeded for them and then set back to its
    former state, so that no other draws change.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model: Separator = family_of(config).build(config)
        return model


def skeleton(config: ModelConfig) -> Separator:
    """The same model without memory for its weights, to be asked for names and shapes."""
    with torch.device("meta"):
        model: Separator = family_of(config).build(config)
        return model
