"""The paper's augmentations of a batch of stems, each with its own random generator.

Random numbers are drawn on the CPU for the whole batch of all processes, and every process takes
its share of them. So a seed gives the same examples with any number of processes, on any device.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor

from hdemucs.data.share import WHOLE, Share

Batch = Float[Tensor, "batch source channel sample"]
Shorter = Float[Tensor, "batch source channel shorter"]


class Augmentation(ABC):
    """One random change of a batch, [example, source, channel, sample]."""

    name: str
    group: int = 1  # the number of examples must be a multiple of this

    def __init__(self, seed: int, share: Share = WHOLE) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.share = share

    @abstractmethod
    def __call__(self, stems: Batch) -> Shorter: ...

    def uniform(self, stems: Batch) -> Float[Tensor, "batch source"]:
        """A random number in [0, 1) for every stem of this process' examples."""
        size = (self.share.total(len(stems)), stems.shape[1])
        return self.share.of(torch.rand(size, generator=self.generator))


class Shift(Augmentation):
    """Cut off `samples` samples, at a random place for each stem, or for each example if `same`."""

    name = "shift"

    def __init__(self, samples: int, seed: int, share: Share = WHOLE, *, same: bool) -> None:
        super().__init__(seed, share)
        self.samples, self.same = samples, same

    def __call__(self, stems: Batch) -> Shorter:
        size = (self.share.total(len(stems)), 1 if self.same else stems.shape[1])
        drawn = torch.randint(self.samples, size, generator=self.generator)
        offsets = self.share.of(drawn).expand(stems.shape[:2]).flatten().tolist()
        length = stems.shape[-1] - self.samples
        places = zip(stems.flatten(0, 1), offsets, strict=True)
        moved = torch.stack([stem.narrow(-1, offset, length) for stem, offset in places])
        return moved.view(*stems.shape[:-1], length)


class SwapChannels(Augmentation):
    """Swap left and right, stem by stem, with a probability."""

    name = "swap"

    def __init__(self, probability: float, seed: int, share: Share = WHOLE) -> None:
        super().__init__(seed, share)
        self.probability = probability

    def __call__(self, stems: Batch) -> Batch:
        swapped = (self.uniform(stems) < self.probability).to(stems.device)
        return torch.where(swapped[..., None, None], stems.flip(2), stems)


class FlipSign(Augmentation):
    """Negate a stem with a probability."""

    name = "sign"

    def __init__(self, probability: float, seed: int, share: Share = WHOLE) -> None:
        super().__init__(seed, share)
        self.probability = probability

    def __call__(self, stems: Batch) -> Batch:
        signs = 1 - 2 * (self.uniform(stems) < self.probability).to(stems)
        return stems * signs[..., None, None]


class Gain(Augmentation):
    """Multiply every stem by a uniformly drawn factor."""

    name = "gain"

    def __init__(self, least: float, most: float, seed: int, share: Share = WHOLE) -> None:
        super().__init__(seed, share)
        self.least, self.most = least, most

    def __call__(self, stems: Batch) -> Batch:
        factors = self.least + (self.most - self.least) * self.uniform(stems)
        return stems * factors.to(stems)[..., None, None]


class Remix(Augmentation):
    """Make new songs: in groups of `group` examples, the stems of every source are permuted.

    With groups, the chance that two stems of one song meet again does not depend on the batch's
    size.
    """

    name = "remix"

    def __init__(self, group: int, seed: int, share: Share = WHOLE) -> None:
        super().__init__(seed, share)
        self.group = group

    def __call__(self, stems: Batch) -> Batch:
        grouped = self.uniform(stems).view(-1, self.group, stems.shape[1])
        dealt = grouped.argsort(dim=1)  # one permutation of the group per source
        first = self.group * torch.arange(len(dealt))[:, None, None]
        examples = (first + dealt).flatten(0, 1).to(stems.device)
        return stems[examples, torch.arange(stems.shape[1], device=stems.device)]
