"""The compressed residual branch of each encoder layer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from hdemucs.models.blocks.containers import Sequence

Steps = Float[Tensor, "batch channel time"]


class BLSTM(nn.Module):
    """Bidirectional LSTM over time: [B, C, T] -> [B, C, T].

    With `span`, it runs on windows of that many steps that overlap by half, and keeps the centre of
    each window. So the cost is linear in time and the context is bounded.
    """

    def __init__(
        self, channels: int, layers: int, *, span: int | None = None, skip: bool = False
    ) -> None:
        super().__init__()
        self.span, self.skip = span, skip
        self.lstm = nn.LSTM(channels, channels, layers, bidirectional=True)
        self.linear = nn.Linear(2 * channels, channels)

    def forward(self, x: Steps) -> Steps:
        out = self.run(x) if self.span is None or x.shape[-1] <= self.span else self.run_spans(x)
        return x + out if self.skip else out

    def run(self, x: Steps) -> Steps:
        hidden, _ = self.lstm(rearrange(x, "b c t -> t b c"))
        return rearrange(self.linear(hidden), "t b c -> b c t")

    def run_spans(self, x: Steps) -> Steps:
        assert self.span is not None
        hop, quarter, time = self.span // 2, self.span // 4, x.shape[-1]
        windows = math.ceil(time / hop)
        padded = F.pad(x, (0, (windows - 1) * hop + self.span - time))
        spans = rearrange(padded.unfold(-1, self.span, hop), "b c n s -> (b n) c s")
        out = rearrange(self.run(spans), "(b n) c s -> n b c s", n=windows)
        centres = [w[..., quarter:-quarter] for w in out]
        centres[0] = out[0][..., :-quarter]
        centres[-1] = out[-1][..., quarter:]
        return torch.cat(centres, dim=-1)[..., :time]


class LocalAttention(nn.Module):
    """Attention with a learned penalty on distance: [B, C, T] -> [B, C, T].

    Per head, a query at step q gives `decays` weights b in (0, 1/2); a key at step k loses
    |k - q| (1 b_1 + 2 b_2 + ...) / sqrt(decays) from its logit. A step never attends to itself,
    unless it is the only one.
    """

    def __init__(self, channels: int, heads: int, decays: int) -> None:
        super().__init__()
        self.heads, self.decays = heads, decays
        self.content = nn.Conv1d(channels, channels, 1)
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1)
        self.decay = nn.Conv1d(channels, heads * decays, 1)
        self.project = nn.Conv1d(channels, channels, 1)
        nn.init.constant_(cast(Tensor, self.decay.bias), -2)  # start with the widest reach
        self.decay.weight.data *= 0.01

    def forward(self, x: Steps) -> Steps:
        def split(y: Tensor) -> Tensor:
            return rearrange(y, "b (h c) t -> b h c t", h=self.heads)

        query, key, content = map(split, (self.query(x), self.key(x), self.content(x)))
        rank = torch.arange(1, self.decays + 1, device=x.device)[:, None]
        weights = torch.sigmoid(split(self.decay(x))) / 2
        slope = (rank * weights).sum(2) / math.sqrt(self.decays)  # [B, H, T]

        step = torch.arange(x.shape[-1], device=x.device)
        distance = (step[:, None] - step).abs()  # [key, query]

        logits = key.transpose(2, 3) @ (query / math.sqrt(key.shape[2]))  # [B, H, key, query]
        logits = logits - distance * slope[:, :, None]
        logits = logits.masked_fill(distance == 0, -100)
        out = content @ logits.softmax(dim=2)
        return x + self.project(rearrange(out, "b h c t -> b (h c) t"))


class Step(nn.Module):
    """x + scale * branch(x), where the branch has fewer channels: [B, C, T] -> [B, C, T].

    `context` sees the whole signal; the convolution sees three steps that are `dilation` apart.
    """

    def __init__(
        self, channels: int, hidden: int, dilation: int, *,
        activation: nn.Module, context: nn.Module, scale: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.squeeze = nn.Conv1d(channels, hidden, 3, dilation=dilation, padding=dilation)
        self.squeeze_norm = nn.GroupNorm(1, hidden)
        self.activation = activation
        self.context = context
        self.expand = nn.Conv1d(hidden, 2 * channels, 1)
        self.expand_norm = nn.GroupNorm(1, 2 * channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))  # small at first

    def forward(self, x: Steps) -> Steps:
        y = self.context(self.activation(self.squeeze_norm(self.squeeze(x))))
        y = F.glu(self.expand_norm(self.expand(y)), dim=1)
        return torch.addcmul(x, self.scale[:, None], y)


class Residual(nn.Module):
    """Steps, one after the other: [B, C, T] -> [B, C, T]."""

    def __init__(self, steps: Iterable[Step]) -> None:
        super().__init__()
        self.steps = Sequence[Step](steps)

    def forward(self, x: Steps) -> Steps:
        for step in self.steps:
            x = step(x)
        return x
