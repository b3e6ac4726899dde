"""A bounded mask and an added magnitude, beside a rotation of the mixture's phase.

Q. Kong, Y. Cao, H. Liu, K. Choi and Y. Wang, "Decoupling Magnitude and Phase Estimation with Deep
ResUNet for Music Source Separation", ISMIR 2021, section 3.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu

from .decoders import Decoder, Spectrogram, Spectrograms

MAPS = 4  # M, P_r, P_i and Q
QUIET = 1e-5  # magnitudes are this or more
FLAT = 1e-10  # length of a rotation below which it turns nothing into nothing


class MaskAndRotation(Decoder):
    """|Y| = relu(|X| sigmoid(M) + Q); the angle of Y is X's and that of (tanh P_r, tanh P_i)."""

    def features(self, z: Spectrogram) -> Float[Tensor, "batch feature frequency frame"]:
        return magnitude(z)

    def spectrograms(
        self, estimate: Float[Tensor, "batch source channel 4 frequency frame"], z: Spectrogram
    ) -> Spectrograms:
        """Where both P are exactly 0, as in a frequency that the network leaves out, Y is 0."""
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
