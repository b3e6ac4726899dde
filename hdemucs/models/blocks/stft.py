"""The centred short-time Fourier transform with a periodic Hann window, and its inverse."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn.functional import pad


class STFT(nn.Module):
    """torch.stft of every channel, for signals of any length and without scaling.

    Frame k is centred on sample k * hop; the signal is reflected at both ends. The window is not
    part of the state dict, because it follows from its length.
    """

    hann: Tensor

    def __init__(self, window: int, hop: int) -> None:
        super().__init__()
        self.window, self.hop = window, hop
        hann = torch.hann_window(window, device="cpu")  # it has values even in a skeleton
        self.register_buffer("hann", hann, persistent=False)

    @property
    def bins(self) -> int:
        return self.window // 2 + 1

    def forward(
        self, x: Float[Tensor, "*many length"], *, centred: bool = True
    ) -> Complex[Tensor, "*many frequency frame"]:
        """With `centred=False`, frames begin at samples 0, hop, ... and nothing is reflected."""
        if centred:
            x = pad(x, (0, self.covered(x.shape[-1]) - x.shape[-1]))
        with torch.autocast(x.device.type, enabled=False):
            z = torch.stft(
                x.reshape(-1, x.shape[-1]), self.window, self.hop, window=self.hann.to(x),
                center=centred, return_complex=True,
            )  # fmt: skip
        return z.view(*x.shape[:-1], *z.shape[-2:])

    def inverse(
        self, z: Complex[Tensor, "*many frequency frame"], length: int
    ) -> Float[Tensor, "*many {length}"]:
        """The signal whose centred STFT is nearest to z: frames windowed, overlapped, added,
        normalised.
        """
        with torch.autocast(z.device.type, enabled=False):
            x = torch.istft(
                z.reshape(-1, *z.shape[-2:]), self.window, self.hop, window=self.hann.to(z.real),
                length=self.covered(length),
            )  # fmt: skip
        return x.view(*z.shape[:-2], -1)[..., :length]

    def covered(self, length: int) -> int:
        """A length of at least `length` that can be reflected and has every sample well inside a
        frame.
        """
        past_last_frame = length % self.hop
        if past_last_frame >= self.window // 2:  # only where hops are longer than half a window
            length += self.hop - past_last_frame
        return max(length, self.window // 2 + 1)

    def frames(self, length: int) -> int:
        """How many centred frames a signal of `length` samples has."""
        return self.covered(length) // self.hop + 1
