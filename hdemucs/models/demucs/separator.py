"""Every model of the paper: branches around a trunk.

    mix -> analyse -> encode -+             +-> decode -> synthesise -+
                           + -> trunk -> +                     + -> sources
    mix -> analyse -> encode -+             +-> decode -> synthesise -+

Hybrid Demucs has two branches. Its ablations and both time-only Demucs have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from hdemucs.models.blocks.containers import Mapping, Sequence
from hdemucs.models.family import Mixture, Separator, Sources

from .bands import BandedDecode, BandedEncode
from .layers import Along, Decode, Down, Encode, Refine, Rewrite, Up
from .residual import LocalAttention, Step
from .views import View

LAYERS = (Encode, Decode, Down, Refine, Rewrite, Up, Step, LocalAttention)


class Zero(nn.Module):
    """Zeros in place of the innermost output: decoding starts from the skip connections alone."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class Branch(nn.Module):
    """A view of the mixture, and the encoder and decoder that work on it.

    The encoder ends with a Down and the decoder starts with an Up; the other halves of that level
    belong to the trunk. `embed` follows the outermost level.
    """

    def __init__(
        self, view: View, encoder: Iterable[Encode | BandedEncode], embed: nn.Module, down: Down,
        up: Up, decoder: Iterable[Decode | BandedDecode],
    ) -> None:  # fmt: skip
        super().__init__()
        self.view, self.axis = view, down.axis
        self.encoder, self.embed = Sequence[Encode | BandedEncode](encoder), embed
        self.down, self.up = down, up
        self.decoder = Sequence[Decode | BandedDecode](decoder)

    def encode(self, x: Along) -> tuple[Along, list[Along]]:
        """The trunk's input, and the input of every Down before it."""
        outermost, *others = self.encoder
        saved = [x, self.embed(outermost(x))]
        for layer in others:
            saved.append(layer(saved[-1]))
        return self.down(saved[-1]), saved

    def decode(self, x: Along, saved: list[Along]) -> Along:
        """The way back: saved tensors give the sizes, and all but the first are skips."""
        sizes = [skip.shape[self.axis.dim] for skip in saved]
        x = self.up(x, sizes.pop())
        for layer in self.decoder:
            x = layer(x, saved.pop(), sizes.pop())
        return x


class Trunk(nn.Module):
    """The levels that branches share, from the meeting point inward and back."""

    def __init__(
        self, enter: Refine, encoder: Iterable[Encode], bottleneck: nn.Module,
        decoder: Iterable[Decode], leave: nn.Module,
    ) -> None:  # fmt: skip
        super().__init__()
        self.enter, self.encoder = enter, Sequence[Encode](encoder)
        self.bottleneck = bottleneck
        self.decoder, self.leave = Sequence[Decode](decoder), leave

    def forward(self, contributions: Iterable[Along]) -> Along:
        axis = self.enter.axis
        saved = [self.enter(reduce(add, map(axis.view, contributions)))]
        for encode in self.encoder:
            saved.append(encode(saved[-1]))
        x = self.bottleneck(saved[-1])
        for decode in self.decoder:
            skip = saved.pop()
            x = decode(x, skip, saved[-1].shape[-1])
        return self.leave(axis.view(x) + saved.pop())


class Demucs(Separator):
    """Branches around a trunk, from mixtures to sources."""

    def __init__(self, branches: dict[str, Branch], trunk: Trunk, sources: tuple[str, ...]) -> None:
        super().__init__()
        self.branches = Mapping[Branch](branches)
        self.trunk, self.sources = trunk, sources

    def forward(self, mix: Mixture) -> Sources:
        """Estimates in the order of `sources`, with the mixture's length and scale.

        Views compute in the mixture's own precision, also under autocast.
        """
        branches = list(self.branches.values())
        with torch.autocast(mix.device.type, enabled=False):
            analyses = [branch.view.analyse(mix) for branch in branches]
        encoded = [branch.encode(s.x) for branch, s in zip(branches, analyses, strict=True)]
        shared = self.trunk([contribution for contribution, _ in encoded])
        decoded = [b.decode(shared, saved) for b, (_, saved) in zip(branches, encoded, strict=True)]
        with torch.autocast(mix.device.type, enabled=False):
            synthesised = [
                branch.view.synthesise(y, analysis, len(self.sources))
                for branch, y, analysis in zip(branches, decoded, analyses, strict=True)
            ]
        return reduce(add, synthesised)

    def valid_length(self, length: int) -> int:
        """The shortest input, of `length` samples or more, that no branch pads by itself.

        Callers with more audio should pass that many samples and trim the estimates.
        """
        return max(branch.view.valid_length(length) for branch in self.branches.values())

    def compile_units(self) -> Iterator[nn.Module]:
        """The largest layers without an LSTM, which torch.compile does not handle."""
        return layers(self)


def layers(module: nn.Module) -> Iterator[nn.Module]:
    """The layers to compile: what is between two convolutions becomes one pass over memory."""
    if isinstance(module, LAYERS) and not any(isinstance(m, nn.LSTM) for m in module.modules()):
        yield module
        return
    for child in module.children():
        yield from layers(child)
