"""A decoder with a bounded mask, an added magnitude, and a rotation of the mixture's phase.

Q. Kong, Y. Cao, H. Liu, K. Choi and Y. Wang, "Decoupling Magnitude and Phase Estimation with Deep
ResUNet for Music Source Separation", ISMIR 2021, section 3.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu

from .decoders import Decoder, Spectrogram, Spectrograms

MAPS = 4  # M, P_r, P_i and Q, of each source and channel
QUIET = 1e-5  # least magnitude of the mixture
FLAT = 1e-10  # least length that a rotation's vector is divided by


class MaskAndRotation(Decoder):
    """|Y| = relu(|X| sigmoid(M) + Q); Y's angle is X's plus that of (tanh P_r, tanh P_i)."""

    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        return magnitude(z)

    def spectrograms(
        self, estimate: Float[Tensor, "batch source channel 4 frequency frame"], z: Spectrogram
    ) -> Spectrograms:
        """Y is 0 where P_r and P_i are exactly 0, as at a frequency that the network leaves out."""
        mask, real, imaginary, added = estimate.unbind(3)
        size = magnitude(z)
        turned = torch.complex(torch.tanh(real), torch.tanh(imaginary))
        length = turned.real.square() + turned.imag.square()
        turned = turned / length.clamp(min=FLAT**2).sqrt()  # no gradient where it is 0
        loud = relu(size[:, None] * torch.sigmoid(mask) + added)
        return loud * (z / size)[:, None] * turned


def magnitude(z: Spectrogram) -> Float[Tensor, "batch channel frequency frame"]:
    power = z.real.square() + z.imag.square()
    return power.clamp(min=QUIET**2).sqrt()
