"""Segments that come from the disk augmented: each stem is read where, and as, it will be used.

Shift is where reading starts, sign and gain are part of normalising, the swap is which channel is
written first, and remix is which example a stem is read for. So the paper's augmentations (facts
2.3, all but repitch) cost nothing: there is no pass over the samples but the one that converts
them. `hdemucs.data.augment` says what each is, and gives the same numbers on any device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.config.training import AugmentConfig
from hdemucs.data.segments import Segments, room

Batch = Float[Tensor, "batch source channel sample"]
ByStem = Float[Tensor, "batch source"]


class AugmentedSegments:
    """Batches of `segments` under the augmentations of `config`, by the generators of `seeds`."""

    def __init__(
        self, segments: Segments, config: AugmentConfig, rate: int, seeds: Mapping[str, int]
    ) -> None:
        """`rate` in Hz; `seeds` by name, as of `hdemucs.data.augment.augmentations`."""
        self.segments, self.config = segments, config
        self.shift = int(config.shift * rate)
        self.generators = {
            name: torch.Generator().manual_seed(seed) for name, seed in seeds.items()
        }

    def batch(self, indices: Sequence[int], out: Batch | None = None) -> Batch:
        """Like applying each augmentation to `segments.batch(indices)`, in the paper's order.

        `out`, of the same size as an earlier result, is filled again if given: fresh memory
        costs about as much as reading.
        """
        sources, channels, length = self.segments.shape
        if out is None:
            out = room(len(indices), sources, channels, length - self.shift)
        size = (len(indices), sources)
        offsets, swaps = self.offsets(*size).tolist(), self.swaps(*size).tolist()
        gains, dealt = self.gains(*size).tolist(), self.dealt(*size).tolist()
        for example, origins in zip(out.numpy(), dealt, strict=True):
            for source, (stem, origin) in enumerate(zip(example, origins, strict=True)):
                place = stem[::-1] if swaps[origin][source] else stem
                offset, gain = offsets[origin][source], gains[origin][source]
                self.segments.read(indices[origin], source, place, offset, gain)
        return out

    def offsets(self, batch: int, sources: int) -> Tensor:
        """Where each stem starts in its segment, samples."""
        if not self.shift:
            return torch.zeros(batch, sources, dtype=torch.long)
        drawn = 1 if self.config.same_shift else sources
        generator = self.generators["shift"]
        return torch.randint(self.shift, (batch, drawn), generator=generator).expand(batch, sources)

    def swaps(self, batch: int, sources: int) -> Tensor:
        return self.chance("swap", self.config.swap_channels, batch, sources)

    def gains(self, batch: int, sources: int) -> ByStem:
        """The factor of each stem, its sign included."""
        signs = 1 - 2 * self.chance("sign", self.config.flip_sign, batch, sources).float()
        if not self.config.gain:
            return signs
        least, most = self.config.gain
        drawn = torch.rand(batch, sources, generator=self.generators["gain"])
        return signs * (least + (most - least) * drawn)

    def dealt(self, batch: int, sources: int) -> Tensor:
        """Which example each stem is of."""
        if not self.config.remix:
            return torch.arange(batch)[:, None].expand(batch, sources)
        groups = torch.arange(0, batch, self.config.remix)[:, None, None]
        drawn = torch.rand(batch, sources, generator=self.generators["remix"])
        order = drawn.view(-1, self.config.remix, sources).argsort(dim=1)
        return (groups + order).flatten(0, 1)

    def chance(self, name: str, probability: float, batch: int, sources: int) -> Tensor:
        if not probability:
            return torch.zeros(batch, sources, dtype=torch.bool)
        return torch.rand(batch, sources, generator=self.generators[name]) < probability
