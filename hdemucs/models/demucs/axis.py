"""The axis along which a layer works: the one difference between the two branches' layers.

- TIME: tensors [B, C, T], strided convolutions move over T.
- FREQUENCY: tensors [B, C, F, T], strided convolutions move over F, each frame alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F


class Axis(ABC):
    """Makes the convolutions for an axis, and arranges tensors for them."""

    name: str
    dim: int  # the axis' place in a tensor, counted from the end
    rank: int  # number of axes of the tensors that have it

    @abstractmethod
    def down(self, cin: int, cout: int, kernel: int, stride: int, pad: int) -> nn.Module: ...

    @abstractmethod
    def up(self, cin: int, cout: int, kernel: int, stride: int, crop: int) -> nn.Module:
        """A transposed convolution whose first and last `crop` steps of output are left out."""

    @abstractmethod
    def local(self, cin: int, cout: int, kernel: tuple[int, int]) -> nn.Module:
        """A convolution that keeps the shape; `kernel` is its size over frequency and over time."""

    @abstractmethod
    def view(self, x: Tensor) -> Tensor:
        """Give x this axis' shape: from [B, C, T] to [B, C, 1, T] or back."""

    @abstractmethod
    def over_time(self, module: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Apply a module for [B, C, T] along x's time axis."""


class _Time(Axis):
    name, dim, rank = "time", -1, 3

    def down(self, cin: int, cout: int, kernel: int, stride: int, pad: int) -> nn.Module:
        return nn.Conv1d(cin, cout, kernel, stride, pad)

    def up(self, cin: int, cout: int, kernel: int, stride: int, crop: int) -> nn.Module:
        return nn.ConvTranspose1d(cin, cout, kernel, stride, crop)

    def local(self, cin: int, cout: int, kernel: tuple[int, int]) -> nn.Module:
        return nn.Conv1d(cin, cout, kernel[1], padding=kernel[1] // 2)

    def view(self, x: Tensor) -> Tensor:
        return x if x.dim() == self.rank else x.squeeze(2)

    def over_time(self, module: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return module(x)


class _Frequency(Axis):
    name, dim, rank = "frequency", -2, 4

    def down(self, cin: int, cout: int, kernel: int, stride: int, pad: int) -> nn.Module:
        return nn.Conv2d(cin, cout, (kernel, 1), (stride, 1), (pad, 0))

    def up(self, cin: int, cout: int, kernel: int, stride: int, crop: int) -> nn.Module:
        return nn.ConvTranspose2d(cin, cout, (kernel, 1), (stride, 1), (crop, 0))

    def local(self, cin: int, cout: int, kernel: tuple[int, int]) -> nn.Module:
        return nn.Conv2d(cin, cout, kernel, padding=(kernel[0] // 2, kernel[1] // 2))

    def view(self, x: Tensor) -> Tensor:
        return x if x.dim() == self.rank else x.unsqueeze(2)

    def over_time(self, module: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        folded = module(rearrange(x, "b c f t -> (b f) c t"))
        return rearrange(folded, "(b f) c t -> b c f t", b=len(x))


TIME, FREQUENCY = _Time(), _Frequency()


def pad_to_multiple(x: Tensor, multiple: int, dim: int) -> Tensor:
    """Zero-pad the end of `dim` (-1 or -2) to a multiple of `multiple`."""
    missing = -x.shape[dim] % multiple
    if not missing:  # because F.pad would copy
        return x
    return F.pad(x, (0, missing) if dim == -1 else (0, 0, 0, missing))


def cut(x: Tensor, dim: int, start: int, size: int) -> Tensor:
    """`size` steps along `dim` from `start`; x itself if that is all, to save a copy in the
    gradient.
    """
    return x if x.shape[dim] == size else x.narrow(dim, start, size)
