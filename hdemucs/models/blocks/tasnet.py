"""Separation by masks on a learned basis: a strided convolution takes the place of the STFT.

    mix -> encode -+-> masker -> x -> decode -> sources
                   +-------------^

Source: Luo and Mesgarani, "TasNet: time-domain audio separation network for real-time,
single-channel speech separation", ICASSP 2018 (arXiv 1711.00541).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.models.family import Mixture, Separator, Sources

Frames = Float[Tensor, "batch _ frame"]
Masks = Float[Tensor, "batch source _ frame"]
Edges = Literal["cut", "padded"]

EPSILON = 1e-8  # added to variances


def global_norm(channels: int) -> nn.GroupNorm:
    """Normalisation over channels and all frames, with a gain and an offset per channel (gLN)."""
    return nn.GroupNorm(1, channels, eps=EPSILON)


class FrameNorm(nn.LayerNorm):
    """Normalisation of every frame over its channels (cLN)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=EPSILON)

    def forward(self, x: Frames) -> Frames:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


@dataclass(frozen=True, kw_only=True)
class Basis:
    """Learned filters of `window` samples that overlap by half.

    With `edges="cut"`, only complete windows are used; the last samples, which would begin another
    window, come out as silence. "padded" surrounds the mixture with half a window of silence, so
    that every sample is in two windows.
    """

    channels: int  # of the audio
    filters: int
    window: int
    rectify: bool  # ReLU after the encoder
    edges: Edges


class TasNet(Separator):
    """Encodes the mixture; the masker writes one mask per source; one basis decodes all sources."""

    def __init__(self, sources: tuple[str, ...], basis: Basis, masker: nn.Module) -> None:
        super().__init__()
        self.sources, self.masker = sources, masker
        self.window, self.hop = basis.window, basis.window // 2
        self.margin = self.hop if basis.edges == "padded" else 0
        audio, filters, cut = basis.channels, basis.filters, (self.window, self.hop)
        self.encoder = nn.Conv1d(audio, filters, *cut, bias=False)
        self.rectify = nn.ReLU() if basis.rectify else nn.Identity()
        self.decoder = nn.ConvTranspose1d(filters, audio, *cut, bias=False)

    def forward(self, mix: Mixture) -> Sources:
        length = mix.shape[-1]
        encoded = self.rectify(self.encoder(F.pad(mix, self.padding(length))))
        masked = self.masker(encoded) * encoded[:, None]
        decoded = self.decoder(rearrange(masked, "b s n k -> (b s) n k"))
        decoded = decoded[..., self.margin : self.margin + length]
        decoded = F.pad(decoded, (0, length - decoded.shape[-1]))
        return rearrange(decoded, "(b s) c l -> b s c l", b=len(mix))

    def padding(self, length: int) -> tuple[int, int]:
        """Numbers of zeros before and after a mixture; a short mixture is extended to a window."""
        whole = -length % self.hop if self.margin else 0
        after = max(self.margin + whole, self.window - length - self.margin)
        return self.margin, after


@torch.no_grad()
def xavier(model: TasNet) -> TasNet:
    """Draw weights from Glorot's normal distribution where they have two axes in the official code.

    There, gains and offsets of norms are [1, channel, 1], so they are drawn as well, with
    variance 2 / (channels + 1), and not set to 1 and 0.
    Source: `ConvTasNet.__init__` in tasnet.py of the package demucs 2.0.3.
    """
    for module in model.modules():
        if isinstance(module, nn.GroupNorm | nn.LayerNorm):
            for parameter in module.parameters():
                nn.init.xavier_normal_(parameter[None, :, None])
        elif isinstance(module, nn.ConvTranspose1d):
            nn.init.xavier_normal_(module.weight.flatten(1))  # a linear layer in the official code
        elif isinstance(module, nn.Conv1d):
            nn.init.xavier_normal_(module.weight)
    return model
