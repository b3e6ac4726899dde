"""The penalty on the largest singular value of every big matrix (official demucs/svd.py).

The penalised matrices are those of the official code: every weight of at least `min_size` MiB, as
[out, everything else], with transposed convolutions turned first. The official estimate is a new
randomised SVD of rank 100 in each step. Here the leading singular directions are kept from step to
step and improved from where they were: by the Rayleigh-Ritz method in their span, then in the
Krylov space that grows from them, one direction a round, until the angle between the leading
direction and the true one is small, as estimated from its residual (Davis and Kahan, 1970). Most
work goes into matrices whose largest singular values lie close together, which the penalty itself
brings about. The estimate is a Rayleigh quotient, so it is never above the exact value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from pydantic.dataclasses import dataclass as configuration
from torch import Tensor, nn

from hdemucs.config.base import STRICT
from hdemucs.config.parts import Part
from hdemucs.training.svd_penalty.subspace import TINY, Matrix, Rows, Span, orthonormal

MIB = 2**18  # in numbers of 32 bits
ANGLE = 5.5e-3  # largest estimated error of a leading direction: its gradient is right within 1e-2
CAUTION = 2.0  # safety factor on the part of that estimate that is of first order only
ROUNDS = 30  # most rounds in a step
KEPT = 3  # directions kept from step to step, as a multiple of `rank`
SETTLED = 1e-3  # largest residual over the leading value, before the first step
SETTLING = 100  # most rounds before the first step


@configuration(frozen=True, kw_only=True, config=STRICT)
class PenaltyConfig:
    """How much the penalty weighs, and which matrices it is on."""

    kind: Literal["svd"]
    weight: Annotated[float, Field(gt=0)]
    min_size: Annotated[float, Field(ge=0)]  # MiB of 32-bit floats; smaller ones are not penalised
    rank: Annotated[int, Field(ge=1)]  # directions by which the estimate improves in each round


@dataclass(frozen=True)
class Penalised:
    """A weight, and how it is viewed as a matrix."""

    name: str
    weight: nn.Parameter
    turned: bool  # transposed convolutions are stored as [in, out, ...]

    def matrix(self) -> Matrix:
        return self.seen(self.weight.detach())

    def seen(self, tensor: Tensor) -> Matrix:
        """A tensor of the weight's shape as the matrix; the order of its columns does not matter.

        A transposed convolution is copied one kernel place after the other, each row by row: the
        order [out, in, place] would gather it from all over the memory.
        """
        if not self.turned:
            return tensor.flatten(1)
        return tensor.flatten(2).permute(2, 0, 1).flatten(0, 1).T  # [out, place and in]

    def add_gradient(
        self, left: Float[Tensor, " out"], right: Float[Tensor, " in"], factor: float
    ) -> None:
        """Add `factor * left right'` to the weight's gradient, in place."""
        if self.weight.grad is None:
            self.weight.grad = torch.zeros_like(self.weight)
        if self.turned:
            grad = self.weight.grad.flatten(2)  # [in, out, place]
            columns = right.view(grad.shape[2], 1, len(grad)).permute(2, 1, 0)
            grad.addcmul_(left[:, None], columns, value=factor)
        else:
            self.weight.grad.flatten(1).addcmul_(left[:, None], right, value=factor)


def penalised(model: nn.Module, min_size: float) -> Iterator[Penalised]:
    """The model's big weights, in its own order; small ones, such as biases, are left out."""
    for prefix, module in model.named_modules():
        turned = isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d)
        for name, weight in module.named_parameters(prefix, recurse=False):
            if weight.dim() > 1 and weight.numel() >= min_size * MIB:
                yield Penalised(name, weight, turned)


def exact(model: nn.Module, min_size: float) -> Float[Tensor, ""]:
    """The sum of the largest squared singular values, by full SVD, differentiable."""
    total = torch.zeros(())
    for each in penalised(model, min_size):
        weight = each.weight.transpose(0, 1) if each.turned else each.weight
        total = total + torch.linalg.matrix_norm(weight.flatten(1), ord=2).square()
    return total


class Penalty:
    """The penalty of one model; it keeps the leading directions from step to step."""

    def __init__(self, model: nn.Module, config: PenaltyConfig, seed: int) -> None:
        self.weight, self.rank = config.weight, config.rank
        self.each = list(penalised(model, config.min_size))
        self.device = next(model.parameters()).device
        generator = torch.Generator().manual_seed(seed)
        self.bases = [first_basis(one.matrix(), config.rank, generator) for one in self.each]
        self.settled = False

    @torch.no_grad()
    def descend(self) -> Float[Tensor, ""]:
        """Add the weighted penalty's gradient to the weights' gradients; return the penalty.

        It is NaN for weights that have no decomposition; the check for divergence then ends the
        run.
        """
        try:
            return self.followed()
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
            return torch.full((), math.nan, device=self.device)

    def followed(self) -> Float[Tensor, ""]:
        total = torch.zeros((), device=self.device)
        for place, (one, basis) in enumerate(zip(self.each, self.bases, strict=True)):
            matrix = one.matrix()
            if not self.settled:
                basis = settled(matrix, basis, self.rank)
            found = followed(matrix, basis, self.rank)
            one.add_gradient(found.left, found.right, 2 * self.weight)
            self.bases[place] = found.basis
            total += found.value
        self.settled = True
        return total

    def state(self) -> dict[str, Tensor]:
        pairs = zip(self.each, self.bases, strict=True)
        return {one.name: basis for one, basis in pairs} if self.settled else {}

    def restore(self, state: dict[str, Tensor]) -> None:
        if self.each and state:
            self.bases = [state[one.name].to(one.weight.device) for one in self.each]
            self.settled = True


@dataclass(frozen=True)
class Found:
    """Results for one matrix M: its leading direction, and where to start the next time."""

    left: Float[Tensor, " out"]  # unit vector u
    right: Float[Tensor, " in"]  # M'u: the singular value times the other vector
    value: Float[Tensor, ""]  # squared singular value
    basis: Rows


def first_basis(matrix: Matrix, rank: int, generator: torch.Generator) -> Rows:
    """Random orthonormal rows to start from."""
    side = min(matrix.shape)
    start = torch.randn(min(KEPT * rank, side), side, generator=generator)
    return orthonormal(start).to(matrix.device)


def settled(matrix: Matrix, basis: Rows, rank: int) -> Rows:
    """Improve the directions of a new matrix, all of them, until the leading ones settle."""
    for _ in range(SETTLING):
        span = Span(matrix, basis, 0)
        span.solve()
        _, residuals = span.residuals(span.forward(rank))
        basis = following(span, residuals, basis[:0], rank)
        if residuals.norm(dim=1).max() <= SETTLED * span.values[0].clamp(min=TINY):
            break
    return basis


def followed(matrix: Matrix, basis: Rows, rank: int) -> Found:
    """The leading direction, improved from `basis`, and the basis for the next step."""
    span = Span(matrix, basis, rank + ROUNDS)
    span.solve()
    images = span.forward(rank)
    back, residuals = span.residuals(images)
    angle, rounds = first_angle(span, residuals, rank), 1
    while angle > ANGLE and rounds < ROUNDS and not span.full:
        before, short = span.turns[0], residuals[0].norm()
        span.extend(residuals)
        span.solve()
        images = span.forward(1)
        back, residuals = span.residuals(images)
        angle = later_angle(span, residuals, before, short, rank)
        rounds += 1
    value = span.values[0].to(back).clamp(min=TINY)
    ahead, behind = images[0] / value.sqrt(), back[0] / value.sqrt()
    length = behind.norm().clamp(min=TINY)
    left, right = (behind / length, ahead * length) if span.wide else (ahead, behind)
    earlier = basis[: max(rank // 4, 1)]
    return Found(left, right, behind.square().sum(), following(span, residuals, earlier, rank))


def following(span: Span, residuals: Rows, before: Rows, rank: int) -> Rows:
    """The basis for the next step, of three parts.

    They are the leading directions; their residuals, where the first step from them would go; and
    the earlier directions `before`, so that a steady movement is extrapolated.
    """
    ahead = residuals / residuals.norm(dim=1, keepdim=True).clamp(min=TINY)
    return orthonormal(torch.cat([span.directions(KEPT * rank), ahead, before]))


def outside(span: Span, rank: int) -> float:
    """The least distance between the leading value and those outside the span.

    The values outside are taken to be at most the smallest one kept.
    """
    least = span.values[: KEPT * rank][-1]
    return (span.values[0] - least).clamp(min=TINY).item()


def first_angle(span: Span, residuals: Rows, rank: int) -> float:
    """Estimate the angle between the leading direction and the true one before any further round.

    It has two parts: what the direction lacks outside the span, and how much the other directions
    mix into it by way of that (second-order perturbation theory, from their residuals' overlap).
    """
    gaps = (span.values[0] - span.values[1 : len(residuals)]).clamp(min=TINY).to(residuals)
    beyond = outside(span, rank)
    beside = (residuals[1:] @ residuals[0]) / gaps / beyond
    return math.hypot(residuals[0].norm().item() / beyond, CAUTION * beside.norm().item())


def later_angle(
    span: Span, residuals: Rows, before: Tensor, short: Float[Tensor, ""], rank: int
) -> float:
    """Estimate the same angle after a round, from how far the direction has turned since `before`.

    The next turn is taken to be smaller than this one in the proportion of the present residual to
    the one before, whose length is `short`.
    """
    beyond, left = outside(span, rank), residuals[0].norm().item()
    within = span.turns[0][: len(before)]
    turned = (within - (within @ before) * before).norm().item()
    ratio = left / max(short.item(), TINY)
    return math.hypot(left / beyond, CAUTION * turned * ratio)


def penalty_of(config: PenaltyConfig, model: nn.Module, seed: int) -> Penalty:
    """Build the penalty, as parts.toml's kinds are built."""
    return Penalty(model, config, seed)


PART = Part(config=PenaltyConfig, build=penalty_of)
