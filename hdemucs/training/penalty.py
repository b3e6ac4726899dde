"""The penalty on the largest singular value of every big matrix (paper facts 2.6).

The matrices are those that the official code sees: every weight of at least `min_size` MiB, as
[out, everything else], transposed convolutions turned first. The official estimate is a new
randomised SVD of rank 100 each step. Weights move little in a step, so here the leading `rank`
singular directions are kept, and one round of subspace iteration follows them: two thin products a
matrix. The estimate and its gradient are a Rayleigh quotient's, never above the exact value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hdemucs.config.training import PenaltyConfig

Matrix = Float[Tensor, "out in"]
Basis = Float[Tensor, "in rank"]

MIB = 2**18  # 32-bit floats
SETTLED = 1e-6  # relative change of the penalty in a round
ROUNDS = 200  # at most, before the first step
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

    def gradient(self) -> Tensor:
        """The weight's gradient, [out, in, ...], to be added to."""
        if self.weight.grad is None:
            self.weight.grad = torch.zeros_like(self.weight)
        return self.weight.grad.transpose(0, 1) if self.turned else self.weight.grad


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
        self.weight = config.weight
        self.each = list(penalised(model, config.min_size))
        generator = torch.Generator().manual_seed(seed)
        self.bases = [first_basis(one.matrix(), config.rank, generator) for one in self.each]
        self.settled = False

    @torch.no_grad()
    def descend(self) -> Float[Tensor, ""]:
        """Add the weighted penalty's gradient to the weights' gradients; returns the penalty."""
        if not self.settled:
            self.settle()
        total = torch.zeros((), device=self.bases[0].device) if self.bases else torch.zeros(())
        for place, (one, basis) in enumerate(zip(self.each, self.bases, strict=True)):
            left, right, self.bases[place] = followed(one.matrix(), basis)
            gradient = one.gradient()
            step = torch.outer(left, right).view(gradient.shape)
            gradient.add_(step, alpha=2 * self.weight)
            total += right.square().sum()
        return total

    def settle(self) -> None:
        """Find the directions of weights that are new: rounds until the penalty stands still."""
        for place, (one, basis) in enumerate(zip(self.each, self.bases, strict=True)):
            self.bases[place] = settled(one.matrix(), basis)
        self.settled = True

    def state(self) -> dict[str, Tensor]:
        pairs = zip(self.each, self.bases, strict=True)
        return {one.name: basis for one, basis in pairs} if self.settled else {}

    def restore(self, state: dict[str, Tensor]) -> None:
        if self.each and state:
            self.bases = [state[one.name].to(one.weight.device) for one in self.each]
            self.settled = True


def first_basis(matrix: Matrix, rank: int, generator: torch.Generator) -> Basis:
    """Random orthonormal columns."""
    width = min(rank, *matrix.shape)
    start = torch.randn(matrix.shape[1], width, generator=generator)
    return torch.linalg.qr(start)[0].contiguous().to(matrix.device)


def settled(matrix: Matrix, basis: Basis) -> Basis:
    value = torch.zeros((), device=matrix.device)
    for _ in range(ROUNDS):
        before = value
        _, right, basis = followed(matrix, basis)
        value = right.square().sum()
        if value - before <= SETTLED * value:
            break
    return basis


def followed(
    matrix: Matrix, basis: Basis
) -> tuple[Float[Tensor, " out"], Float[Tensor, " in"], Basis]:
    """One round: the left direction u, M'u (its norm is the singular value), the next basis."""
    images = matrix @ basis
    values, turns = torch.linalg.eigh(images.T @ images)  # ascending
    images = images @ turns
    back = matrix.T @ images
    top = values[-1].clamp(min=TINY).sqrt()
    return images[:, -1] / top, back[:, -1] / top, orthonormal(back / values.clamp(min=TINY))


def orthonormal(columns: Basis) -> Basis:
    """The same span, orthonormal, by Cholesky: columns come nearly so, and this is one product."""
    gram = columns.T @ columns
    factor = torch.linalg.cholesky(gram + TINY * torch.eye(len(gram), device=gram.device))
    solved = torch.linalg.solve_triangular(factor.mT, columns, upper=True, left=False)
    return solved.contiguous()  # as a checkpoint gives it back: bits depend on the layout
