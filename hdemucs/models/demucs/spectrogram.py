"""The spectrogram branch's view: an STFT and its channels.

The STFT has a periodic Hann window and hops of a quarter of it, and is scaled by 1 / sqrt(window).
Its Nyquist bin is dropped, which leaves window / 2 frequencies. Frames are stored one after the
other and viewed as [..., frequency, frame].
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from einops import rearrange
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn import functional as F

from hdemucs.models.blocks.wiener import wiener, with_mixture_phase
from hdemucs.models.demucs.config import WienerConfig

from .frames import overlap_add, spectra
from .views import Analysis, Mixture, Sources, View, over_all, reflect

OVERLAP = 4  # hops per window
FILTERED = 300  # frames that the Wiener filter works on together (official `wiener_win_len`)
SILENT = 1e-8  # added to magnitudes before they are divided by
STEADY = 1.5  # sum of squared Hann windows that are a quarter of their length apart


class Representation(ABC):
    """Maps a complex spectrogram to real channels, and back."""

    factor: int

    @abstractmethod
    def to_channels(
        self, z: Complex[Tensor, "b c f t"]
    ) -> tuple[Float[Tensor, "b channel f t"], Tensor | None]:
        """The network's channels, and what `to_complex` will need beside them."""

    @abstractmethod
    def to_complex(
        self, y: Float[Tensor, "b s channel f t"], mixture: Tensor | None, iterations: int
    ) -> Complex[Tensor, "b s c f t"]: ...


class ComplexAsChannels(Representation):
    """Real and imaginary parts as two channels; the network's output is a spectrogram itself."""

    factor = 2

    def to_channels(
        self, z: Complex[Tensor, "b c f t"]
    ) -> tuple[Float[Tensor, "b channel f t"], Tensor | None]:
        return rearrange(torch.view_as_real(z), "b c f t part -> b (c part) f t"), None

    def to_complex(
        self, y: Float[Tensor, "b s channel f t"], mixture: Tensor | None, iterations: int = 0
    ) -> Complex[Tensor, "b s c f t"]:
        assert mixture is None and not iterations
        return spectra(rearrange(y, "b s (c part) f t -> b s c part f t", part=2)).mT


class Magnitude(Representation):
    """Magnitudes; the network's output gets the mixture's phase and is then filtered.

    These are the paper's "amplitude" models; their Wiener filter usually has no iteration.
    """

    factor = 1

    def to_channels(
        self, z: Complex[Tensor, "b c f t"]
    ) -> tuple[Float[Tensor, "b channel f t"], Tensor | None]:
        return z.abs().contiguous(), z

    def to_complex(
        self, y: Float[Tensor, "b s channel f t"], mixture: Tensor | None, iterations: int = 0
    ) -> Complex[Tensor, "b s c f t"]:
        assert mixture is not None
        if iterations < 0:
            return y * (mixture / (SILENT + mixture.abs()))[:, None]
        return wiener(mixture, with_mixture_phase(mixture, y), iterations, FILTERED)


class Spectrogram(View):
    """What all framings share: frames of x with a reflected margin, and their overlap-add."""

    window: Tensor
    margin: int

    def __init__(
        self, representation: Representation, window: int, wiener: WienerConfig | None = None
    ) -> None:
        super().__init__()
        self.representation, self.factor = representation, representation.factor
        self.wiener = wiener
        self.size, self.hop = window, window // OVERLAP
        hann = torch.hann_window(window, device="cpu")  # it has values even in a skeleton
        self.register_buffer("window", hann, persistent=False)

    def analyse(self, mix: Mixture) -> Analysis:
        x, mixture = self.representation.to_channels(self.stft(mix))
        return Analysis(*over_all(x), mix.shape[-1], mixture)

    def synthesise(self, y: Tensor, analysis: Analysis, sources: int) -> Sources:
        y = analysis.restored(y, sources)
        z = self.representation.to_complex(y, analysis.mixture, self.iterations())
        return self.istft(z, analysis.length)

    def iterations(self) -> int:
        """The Wiener filter's iterations, which differ between training and evaluation."""
        if self.wiener is None:
            return 0
        return self.wiener.in_training if self.training else self.wiener.iterations

    @property
    def start(self) -> int:
        """The sample of overlap-add's output at which the mixture begins."""
        return self.margin

    def padded(self, x: Mixture, right: int) -> Tensor:
        """The mixture with a margin on either side."""
        return reflect(x, self.margin, right)

    @abstractmethod
    def frames(self, length: int) -> int:
        """The number of frames of `length` samples."""

    def evened(self, x: Float[Tensor, "*many covered"]) -> Float[Tensor, "*many covered"]:
        """Overlap-add's output, corrected where fewer windows overlap than elsewhere."""
        return x

    def stft(self, x: Mixture) -> Complex[Tensor, "batch channel frequency frame"]:
        length = x.shape[-1]
        covered = (self.frames(length) + OVERLAP - 1) * self.hop
        x = self.padded(x, covered - self.margin - length)
        z = torch.stft(
            x.flatten(0, 1), self.size, self.hop, window=self.window,
            center=False, normalized=True, return_complex=True,
        )  # fmt: skip
        return z.view(*x.shape[:2], *z.shape[1:])[:, :, :-1]

    def istft(
        self, z: Complex[Tensor, "*many frequency frame"], length: int
    ) -> Float[Tensor, "*many {length}"]:
        """Inverse transforms of all frames, windowed, and added where they overlap."""
        frames = torch.fft.irfft(z.mT, n=self.size, norm="ortho")
        x = overlap_add(frames, (self.window / STEADY).view(OVERLAP, self.hop))
        return self.evened(x).narrow(-1, self.start, length)


class AlignedSpectrogram(Spectrogram):
    """ceil(L / hop) frames, aligned with strided convolutions over the waveform.

    Frames before the first and after the last are taken as silent. So the inverse fades over the
    margin, 3/8 of a window, at either end, where a waveform branch has to supply the rest.
    """

    def __init__(
        self, representation: Representation, window: int, wiener: WienerConfig | None = None
    ) -> None:
        super().__init__(representation, window, wiener)
        self.margin = 3 * window // 8

    def frames(self, length: int) -> int:
        return math.ceil(length / self.hop)


class LateSpectrogram(AlignedSpectrogram):
    """Aligned frames with silent margins; the inverse begins with the margin, 3/8 of a window late.

    This is a fault of the models that their authors entered into the Music Demixing Challenge 2021,
    which were trained with it (official `hybrid_old`).
    """

    def padded(self, x: Mixture, right: int) -> Tensor:
        return F.pad(x, (self.margin, right))

    @property
    def start(self) -> int:
        return 0

    def evened(self, x: Float[Tensor, "*many covered"]) -> Float[Tensor, "*many covered"]:
        """Over the first hop, one window less is added, since no frame comes before."""
        missing = self.window[-self.hop :].square()
        first, rest = x[..., : self.hop], x[..., self.hop :]
        return torch.cat([first * (STEADY / (STEADY - missing)), rest], -1)


class CentredSpectrogram(Spectrogram):
    """floor(L / hop) + 1 frames, centred on samples 0, hop, ...; the inverse is exact."""

    def __init__(
        self, representation: Representation, window: int, wiener: WienerConfig | None = None
    ) -> None:
        super().__init__(representation, window, wiener)
        self.margin = window // 2

    def frames(self, length: int) -> int:
        return length // self.hop + 1

    def evened(self, x: Float[Tensor, "*many covered"]) -> Float[Tensor, "*many covered"]:
        squared = (self.window.square() / STEADY).view(OVERLAP, self.hop)
        frames = x.new_ones(x.shape[-1] // self.hop - OVERLAP + 1, self.size)
        weight = overlap_add(frames, squared)
        return x / weight.clamp(min=torch.finfo(x.dtype).tiny)  # 0 at the first sample
