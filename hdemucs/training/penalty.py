"""The penalty on the largest singular value of every big matrix (paper facts 2.6).

The matrices are those that the official code sees: every weight of at least `min_size` MiB, as
[out, everything else], transposed convolutions turned first. The official estimate is a new
randomised SVD of rank 100 each step. Weights move little in a step, so here the leading `rank`
singular directions are kept, and one round of LOBPCG (Knyazev, 2001) follows them: two thin
products a matrix. Plain subspace iteration is not enough: the penalty itself presses down what it
follows, and other directions must be found as they come to lead. The estimate is a Rayleigh
quotient, never above the exact value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.config.training import PenaltyConfig

Matrix = Float[Tensor, "out in"]
Basis = Float[Tensor, "side column"]  # of the matrix' shorter side

MIB = 2**18  # 32-bit floats
SETTLED = 1e-4  # residual of the leading direction over its value
ROUNDS = 100  # at most, before the first step
TINY = 1e-12


@dataclass(frozen=True)
class Penalised:
    """A weight, and how it is seen as a matrix."""

    name: str
    weight: nn.Parameter
    turned: bool  # transposed convolutions are [in, out, ...]

    def matrix(self) -> Matrix:
        weight = self.weight.detach()
        return (weight.transpose(0, 1) if self.turned else weight).flatten(1)

    def add_gradient(
        self, left: Float[Tensor, " out"], right: Float[Tensor, " in"], factor: float
    ) -> None:
        """Add `factor * left right'` to the weight's gradient, in place."""
        if self.weight.grad is None:
            self.weight.grad = torch.zeros_like(self.weight)
        grad = self.weight.grad.transpose(0, 1) if self.turned else self.weight.grad
        rows = left.view(-1, *[1] * (grad.dim() - 1))
        grad.addcmul_(rows, right.view(1, *grad.shape[1:]), value=factor)


def penalised(model: nn.Module, min_size: float) -> Iterator[Penalised]:
    """The model's big weights, in its own order; biases and gains go free."""
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
    """The penalty of one model, and the directions it follows from step to step."""

    def __init__(self, model: nn.Module, config: PenaltyConfig, seed: int) -> None:
        self.weight, self.rank = config.weight, config.rank
        self.each = list(penalised(model, config.min_size))
        self.device = next(model.parameters()).device
        generator = torch.Generator().manual_seed(seed)
        self.bases = [first_basis(one.matrix(), config.rank, generator) for one in self.each]
        self.settled = False

    @torch.no_grad()
    def descend(self) -> Float[Tensor, ""]:
        """Add the weighted penalty's gradient to the weights' gradients; returns the penalty.

        NaN for weights that no decomposition takes: the guard will say so.
        """
        try:
            return self.followed()
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
            return torch.full((), math.nan, device=self.device)

    def followed(self) -> Float[Tensor, ""]:
        if not self.settled:
            self.settle()
        total = torch.zeros((), device=self.device)
        for place, (one, basis) in enumerate(zip(self.each, self.bases, strict=True)):
            found = followed(one.matrix(), basis, self.rank)
            one.add_gradient(found.left, found.right, 2 * self.weight)
            self.bases[place] = found.basis
            total += found.value
        return total

    def settle(self) -> None:
        """Find the directions of weights that are new: rounds until the penalty stands still."""
        for place, (one, basis) in enumerate(zip(self.each, self.bases, strict=True)):
            self.bases[place] = settled(one.matrix(), basis, self.rank)
        self.settled = True

    def state(self) -> dict[str, Tensor]:
        pairs = zip(self.each, self.bases, strict=True)
        return {one.name: basis for one, basis in pairs} if self.settled else {}

    def restore(self, state: dict[str, Tensor]) -> None:
        if self.each and state:
            self.bases = [state[one.name].to(one.weight.device) for one in self.each]
            self.settled = True


@dataclass(frozen=True)
class Found:
    """What a round knows of a matrix M: its leading direction, and where to look next."""

    left: Float[Tensor, " out"]  # unit vector u
    right: Float[Tensor, " in"]  # M'u: the singular value times the other vector
    value: Float[Tensor, ""]  # squared singular value
    residual: Float[Tensor, ""]  # of the leading direction, over the value
    basis: Basis


def first_basis(matrix: Matrix, rank: int, generator: torch.Generator) -> Basis:
    """Random orthonormal columns, three for every direction."""
    side = min(matrix.shape)
    start = torch.randn(side, min(3 * rank, side), generator=generator)
    return torch.linalg.qr(start)[0].contiguous().to(matrix.device)


def settled(matrix: Matrix, basis: Basis, rank: int) -> Basis:
    """Rounds until the leading direction stands still."""
    for _ in range(ROUNDS):
        found = followed(matrix, basis, rank)
        basis = found.basis
        if found.residual < SETTLED:
            break
    return basis


def followed(matrix: Matrix, basis: Basis, rank: int) -> Found:
    """One round: the best `rank` directions in the basis' span, and a better basis.

    The next one spans these directions, their residuals (where they would rise) and what they
    gained in this round, as conjugate gradients remember it.
    """
    wide = matrix.shape[0] < matrix.shape[1]
    tall = matrix.T if wide else matrix
    images = tall @ basis
    values, turns = torch.linalg.eigh(images.T @ images)  # ascending
    values, turns = values.flip(0)[:rank], turns.flip(1)[:, :rank]
    directions, images = basis @ turns, images @ turns
    back = tall.T @ images
    residuals = back - directions * values
    gained = basis[:, rank:] @ turns[rank:]
    parts = torch.cat([directions, normed(residuals), normed(gained)], 1)
    top = values[0].clamp(min=TINY)
    ahead, behind = images[:, 0] / top.sqrt(), back[:, 0] / top.sqrt()
    length = behind.norm().clamp(min=TINY)
    left, right = (behind / length, ahead * length) if wide else (ahead, behind)
    residual = residuals[:, 0].norm() / top
    return Found(left, right, behind.square().sum(), residual, orthonormal(parts))


def normed(columns: Basis) -> Basis:
    return columns / columns.norm(dim=0).clamp(min=TINY)


def orthonormal(columns: Float[Tensor, "side more"]) -> Basis:
    """The same span; contiguous, as a checkpoint gives it back: bits depend on the layout."""
    return torch.linalg.qr(columns[:, : len(columns)])[0].contiguous()
