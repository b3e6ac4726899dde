"""Dual-path RNN: masks on a learned basis, from LSTMs along and across chunks of frames.

    encoded -> norm -> 1x1 -> chunks -> blocks -> 1x1 a source -> overlap-add -> gate -> masks

A sequence of T frames is cut into half-overlapping chunks of K frames. An LSTM along each chunk
and one across chunks take K + 2 T / K steps in place of T.

Source: Luo, Chen and Yoshioka, "Dual-path RNN: efficient long sequence modeling for time-domain
single-channel speech separation", ICASSP 2020 (arXiv 1910.06379); details are those of `DPRNN` in
the package asteroid 0.7.0. The paper separates speech. For stereo music, the frame around the
masker is Conv-TasNet's for music (arXiv 1911.13254); nobody has published scores of it.

The norms' statistics run over the whole input, so estimates depend on its length: songs are
separated in segments of the length that the network was trained on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.config.base import STRICT
from hdemucs.config.model import Count, ModelConfig
from hdemucs.models.family import Family

from .blocks.tasnet import Basis, Frames, Masks, TasNet, global_norm

Chunks = Float[Tensor, "batch _ step chunk"]  # also with the third and fourth axes exchanged


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DualPathConfig(ModelConfig):
    """The letters are those of the paper's section 2 and of the Conv-TasNet paper."""

    kind: Literal["dual_path_rnn"]
    basis: Count  # filters of the learned basis
    window: Annotated[int, Field(ge=2, multiple_of=2)]  # samples of a filter
    features: Count  # N: channels between blocks
    hidden: Count  # H: units of an LSTM, in each direction
    chunk: Annotated[int, Field(ge=2, multiple_of=2)]  # K: frames in one; about sqrt(2 x all)
    blocks: Count  # B


class Along(nn.Module):
    """x + norm(linear(BLSTM(x))) along the third axis, separately for each place on the fourth."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(2 * hidden, features)
        self.norm = global_norm(features)

    def forward(self, x: Chunks) -> Chunks:
        hidden, _ = self.lstm(rearrange(x, "b c k s -> (b s) k c"))
        y = rearrange(self.linear(hidden), "(b s) k c -> b c k s", b=len(x))
        return x + self.norm(y)


class Block(nn.Module):
    """An LSTM along every chunk, then one across chunks."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.along, self.across = Along(features, hidden), Along(features, hidden)

    def forward(self, x: Chunks) -> Chunks:
        return self.across(self.along(x).transpose(2, 3)).transpose(2, 3)


class DualPath(nn.Module):
    """The masker: encoded mixture to masks."""

    def __init__(self, config: DualPathConfig) -> None:
        super().__init__()
        features = config.features
        self.count, self.chunk = len(config.sources), config.chunk
        self.norm = global_norm(config.basis)
        self.enter = nn.Conv1d(config.basis, features, 1)
        self.blocks = nn.Sequential(*(Block(features, config.hidden) for _ in range(config.blocks)))
        self.activation = nn.PReLU()
        self.split = nn.Conv2d(features, self.count * features, 1)
        self.value, self.gate = nn.Conv1d(features, features, 1), nn.Conv1d(features, features, 1)
        self.leave = nn.Conv1d(features, config.basis, 1, bias=False)

    def forward(self, encoded: Frames) -> Masks:
        chunks = self.blocks(self.cut(self.enter(self.norm(encoded))))
        y = rearrange(
            self.split(self.activation(chunks)), "b (s c) k n -> (b s) c k n", s=self.count
        )
        y = self.joined(y, encoded.shape[-1])
        y = self.leave(self.value(y).tanh() * self.gate(y).sigmoid()).relu()
        return rearrange(y, "(b s) c t -> b s c t", s=self.count)

    def cut(self, x: Frames) -> Chunks:
        """Cut frames into half-overlapping chunks, with a chunk of zeros before and after."""
        chunks = F.pad(x, (self.chunk, self.chunk)).unfold(-1, self.chunk, self.chunk // 2)
        return rearrange(chunks, "b c n k -> b c k n")

    def joined(self, y: Chunks, frames: int) -> Frames:
        """Add chunks where they overlap (two at each frame, without dividing) and cut off the
        zeros.
        """
        geometry = dict(
            kernel_size=(self.chunk, 1), padding=(self.chunk, 0), stride=(self.chunk // 2, 1)
        )
        return F.fold(rearrange(y, "b c k n -> b (c k) n"), (frames, 1), **geometry)[..., 0]


def build(config: DualPathConfig) -> TasNet:
    basis = Basis(
        channels=config.audio_channels, filters=config.basis, window=config.window,
        rectify=True, edges="cut",
    )  # fmt: skip
    return TasNet(config.sources, basis, DualPath(config))


FAMILY = Family(config=DualPathConfig, build=build)
