"""D3Net: networks of two bands and the full range, joined; magnitudes to magnitudes, per source.

N. Takahashi and Y. Mitsufuji, "D3Net: Densely connected multidilated DenseNet for music source
separation", arXiv 2010.01733, and `D3NetMSS` in d3net/music-source-separation/model.py of
sony/ai-research-code. What is written is the source's magnitude itself, not a mask.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import relu

from hdemucs.models.blocks.bin_statistics import bin_statistics
from hdemucs.models.blocks.decoders import Magnitudes
from hdemucs.models.blocks.spectral import Image, Network, SpectrogramSeparator, whole
from hdemucs.models.blocks.stft import STFT
from hdemucs.models.family import Family, Songs

from .config import BandConfig, D3NetConfig, SizesConfig
from .dense import Band, dense

Magnitude = Float[Tensor, "batch channel frequency frame"]


class OneSource(nn.Module):
    """Maps the mixture's magnitudes to those of one source."""

    def __init__(self, sizes: SizesConfig, channels: int, bins: int, all_bins: int) -> None:
        super().__init__()
        self.split, self.bins = sizes.split, bins
        self.shift = nn.Parameter(torch.zeros(all_bins))
        self.scale = nn.Parameter(torch.ones(all_bins))
        self.low, self.high = Band(channels, sizes.low), Band(channels, sizes.high)
        width = max(self.low.width, self.high.width)
        self.match_low, self.match_high = matched(self.low, width), matched(self.high, width)
        self.full = Band(channels, sizes.full)
        growth, layers = sizes.final
        self.final = dense(width + self.full.width, growth, layers)
        self.norm = nn.BatchNorm2d(growth)
        self.gate, self.filter = (nn.Conv2d(growth, channels, 1) for _ in range(2))
        self.out_scale = nn.Parameter(torch.ones(bins))
        self.out_shift = nn.Parameter(torch.ones(bins))

    def forward(self, x: Image) -> Image:
        seen = ((x - self.shift) / self.scale)[..., : self.bins]
        low = self.match_low(self.low(seen[..., : self.split]))
        high = self.match_high(self.high(seen[..., self.split :]))
        joined = torch.cat([torch.cat([low, high], -1), self.full(seen)], 1)
        h = self.norm(self.final(joined))
        y = torch.sigmoid(self.gate(h)) * self.filter(h)
        y = relu(y * self.out_scale + self.out_shift)
        return torch.cat([y, x[..., self.bins :]], -1)

    @torch.no_grad()
    def standardise(self, mean: Float[Tensor, " bin"], std: Float[Tensor, " bin"]) -> None:
        """Start from the statistics of the training mixtures; training changes them further."""
        self.shift.copy_(mean)
        self.scale.copy_(std)


def matched(band: Band, width: int) -> nn.Module:
    """A layer that gives a narrower band's image `width` channels, so that bands can be
    concatenated.
    """
    if band.width == width:
        return nn.Identity()
    return nn.Sequential(nn.BatchNorm2d(band.width), nn.Conv2d(band.width, width, 1))


class D3Net(Network):
    """One network per source, side by side."""

    def __init__(self, config: D3NetConfig) -> None:
        super().__init__()
        sizes = [config.sizes[name] for name in config.sources]
        self.multiple = max(band.multiple for size in sizes for band in bands(size))
        audio, bins, all_bins = config.audio_channels, config.bins, config.all_bins
        self.sources = nn.ModuleList(OneSource(size, audio, bins, all_bins) for size in sizes)

    def forward(self, x: Magnitude) -> Float[Tensor, "batch source channel frequency frame"]:
        image = whole(x, self.multiple).mT
        estimates = torch.stack([network(image).mT for network in self.sources], 1)
        return estimates[..., : x.shape[-1]]


def bands(sizes: SizesConfig) -> tuple[BandConfig, ...]:
    return (sizes.low, sizes.high, sizes.full)


def initialise(module: nn.Module) -> None:
    """Initialise as nnabla does: Glorot and Bengio's, where the kernel counts for the inputs only.

    Source: `calc_normal_std_glorot` and `calc_uniform_lim_glorot` of nnabla/initializer.py.
    """
    if isinstance(module, nn.Conv2d):
        fan = module.weight[0].numel() + module.out_channels
        nn.init.normal_(module.weight, std=(2 / fan) ** 0.5)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # every one has a bias
    elif isinstance(module, nn.ConvTranspose2d):
        fan = module.weight[0].numel() + module.in_channels
        limit = (6 / fan) ** 0.5
        nn.init.uniform_(module.weight, -limit, limit)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # every one has a bias


def build(config: D3NetConfig) -> SpectrogramSeparator:
    network = D3Net(config)
    network.apply(initialise)
    stft = STFT(config.window, config.hop)
    return SpectrogramSeparator(config.sources, stft, Magnitudes(), network)


def fit(separator: SpectrogramSeparator, songs: Songs) -> None:
    """Let every network standardise its input by the statistics of the training mixtures."""
    statistics = bin_statistics(separator.stft, songs)
    for module in separator.modules():
        if isinstance(module, OneSource):
            module.standardise(*statistics)


FAMILY = Family(config=D3NetConfig, build=build, fit=fit)
