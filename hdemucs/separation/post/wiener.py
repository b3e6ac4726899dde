"""A multichannel Wiener filter over all sources: last step of Open-Unmix, X-UMX, Spleeter, D3Net.

The filter is in hdemucs/models/blocks/wiener.py. It works on the spectrograms that models write:
once a masked spectrogram has become a waveform, the waveform's spectrogram differs from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.errors import UserError
from hdemucs.models.blocks.decoders import Spectrogram, Spectrograms
from hdemucs.models.blocks.spectral import SpectrogramSeparator
from hdemucs.models.blocks.stft import STFT
from hdemucs.models.blocks.wiener import shared_out, wiener, with_mixture_phase
from hdemucs.models.family import Mixture, Separator, Sources
from hdemucs.separation.post.base import Together

Count = Annotated[int, Field(ge=1)]
FEWEST = 2  # least number of sources

STARTS = {"mixture_phase": with_mixture_phase, "soft_mask": shared_out}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TransformConfig:
    """A short-time Fourier transform with a periodic Hann window."""

    window: Annotated[int, Field(ge=4, multiple_of=2)]  # samples
    hop: Count  # samples


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WienerConfig:
    """How the filter starts, how often it is applied, and over how many frames.

    `start`: from the estimated magnitudes with the mixture's phase, or from the mixture divided
    among the sources in proportion to the magnitudes.
    """

    kind: Literal["wiener"]
    iterations: Count  # all published systems use 1
    window: Count | None  # frames over which the spatial covariance is constant; None: a segment
    start: Literal["mixture_phase", "soft_mask"]
    swapped: bool  # average estimates over the mixture and one with swapped channels
    transform: TransformConfig | None  # for models that have no transform; None: the models' own


class Wiener(Together):
    """Filters all members' spectrograms together. Their transforms must be equal."""

    def __init__(self, config: WienerConfig, members: Sequence[Separator]) -> None:
        """
        Raises:
            UserError: there are fewer sources than two, or no transform or several.
        """
        super().__init__(members)
        if len(self.sources) < FEWEST:
            problem = "shares a mixture out among sources, and there is one"
            raise UserError(
                "separation.post.kind=wiener", problem, "use `post: null`, or more sources"
            )
        self.config, self.stft = config, transform(config, members)

    def forward(self, mix: Mixture) -> Sources:
        z = self.stft(mix)
        estimates = self.estimates(mix, z)
        if self.config.swapped:
            swapped = self.estimates(mix.flip(1), z.flip(1)).flip(2)
            estimates = (estimates + swapped) / 2
        start = STARTS[self.config.start](z, estimates.abs())
        refined = wiener(z, start, self.config.iterations, self.config.window)
        return self.stft.inverse(refined, mix.shape[-1])

    def estimates(self, mix: Mixture, z: Spectrogram) -> Spectrograms:
        """The spectrograms of all members, either their own or those of their waveforms."""
        return torch.cat(
            [
                member.spectrograms(z)
                if isinstance(member, SpectrogramSeparator)
                else self.stft(member(mix).float())
                for member in self.each()
            ],
            1,
        )


def transform(config: WienerConfig, members: Sequence[Separator]) -> STFT:
    """The transform that all members share, or else the configuration's."""
    where = "separation.post.transform"
    own = {
        (member.stft.window, member.stft.hop)
        for member in members
        if isinstance(member, SpectrogramSeparator)
    }
    if config.transform:
        own.add((config.transform.window, config.transform.hop))
    if not own:
        raise UserError(where, "is null, and the models have none", "give `window` and `hop`")
    if len(own) > 1:
        raise UserError(where, f"differs among the models: {sorted(own)}", "take equal ones")
    return STFT(*own.pop())


PART = Part(config=WienerConfig, build=Wiener)
