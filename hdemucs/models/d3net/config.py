"""The settings of a D3Net: sizes for each source, since the published ones differ by source."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count
from hdemucs.models.blocks.config import SpectrogramConfig

Info = Any  # pydantic's ValidationInfo: a protocol, which tests cannot check at run time
Counts = Annotated[tuple[Count, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BandConfig:
    """The network of one band: it halves time and frequency on the way in and doubles them again.

    `growth` and `layers` have one entry for each block: those on the way in, the innermost one,
    those on the way out. So both have the same odd length.
    """

    first: Count  # channels of the convolution before the blocks
    growth: Counts  # channels that each block writes
    layers: Counts  # in each dense block
    nested: Count  # dense blocks in each block

    @field_validator("layers")
    @classmethod
    def _one_a_block(cls, layers: tuple[int, ...], info: Info) -> tuple[int, ...]:
        growth = info.data.get("growth", layers)
        if len(layers) != len(growth) or len(layers) % 2 == 0:
            raise ValueError("growth and layers must be of one odd length, one entry a block")
        return layers

    @property
    def multiple(self) -> int:
        """Numbers of frames and frequencies must be multiples of this, since levels halve them."""
        return 2 ** (len(self.growth) // 2)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SizesConfig:
    """The network of one source (Table 1 of the paper)."""

    split: Count  # frequencies of the low band; the high band has the others
    low: BandConfig
    high: BandConfig
    full: BandConfig  # the whole range
    final: Annotated[tuple[Count, Count], Field()]  # growth and layers of the last dense block


@dataclass(frozen=True, kw_only=True, config=STRICT)
class D3NetConfig(SpectrogramConfig):
    """One network per source. Frequencies from `bins` on are copied from the mixture."""

    kind: Literal["d3net"]
    bins: Count
    sizes: dict[str, SizesConfig]  # by source

    @field_validator("sizes")
    @classmethod
    def _fit(cls, sizes: dict[str, SizesConfig], info: Info) -> dict[str, SizesConfig]:
        bins, window = info.data.get("bins", 0), info.data.get("window", 0)
        missing = sorted(set(info.data.get("sources", ())) - sizes.keys())
        if missing:
            raise ValueError(f"sizes say nothing of {', '.join(missing)}")
        if bins > window // 2 + 1:
            raise ValueError("a window has no more bins than half its samples and one")
        for name, size in sizes.items():
            bands = ((size.split, size.low), (bins - size.split, size.high), (bins, size.full))
            if any(width <= 0 or width % band.multiple for width, band in bands):
                raise ValueError(f"the bands of {name} cannot be halved at every level")
        return sizes
