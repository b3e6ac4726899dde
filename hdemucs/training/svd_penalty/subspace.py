"""The Rayleigh-Ritz method: a matrix' leading singular directions within the span of some rows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Matrix = Float[Tensor, "out in"]
Rows = Float[Tensor, "_ side"]  # directions along the matrix' shorter side
Images = Float[Tensor, "_ long"]  # images of such directions, along the longer side

TINY = 1e-12


class Span:
    """Orthonormal rows S along the shorter side of `matrix`, and their products with the matrix."""

    def __init__(self, matrix: Matrix, rows: Rows, room: int) -> None:
        """Start from `rows`; there is memory for `room` more."""
        self.wide = matrix.shape[0] <= matrix.shape[1]
        self.matrix = matrix if self.wide else matrix.T  # [short, long]
        most = min(len(rows) + room, rows.shape[1])
        self.all_rows = rows.new_empty(most, rows.shape[1])
        self.all_images = rows.new_empty(most, self.matrix.shape[1])
        self.all_products = torch.empty(most, most, dtype=torch.double)  # small: not for a GPU
        self.count = 0
        self.take(rows)

    @property
    def full(self) -> bool:
        return self.count == len(self.all_rows)

    def take(self, new: Rows) -> None:
        """Add orthonormal rows that are orthogonal to the present ones."""
        start, self.count = self.count, self.count + len(new)
        self.all_rows[start : self.count] = new
        self.all_images[start : self.count] = product(new, self.matrix)
        images = self.all_images[: self.count]
        products = (images @ images[start:].T).double().cpu()
        self.all_products[: self.count, start : self.count] = products
        self.all_products[start : self.count, : self.count] = products.T

    def extend(self, residuals: Rows) -> None:
        """Add the directions of the residuals."""
        new, rows = residuals[: len(self.all_rows) - self.count], self.all_rows[: self.count]
        for _ in range(2):
            new = orthonormal(new - (new @ rows.T) @ rows)
        self.take(new)

    def solve(self) -> None:
        """Find the squared singular values within the span, and their directions in terms of S."""
        products = self.all_products[: self.count, : self.count]
        values, turns = torch.linalg.eigh(products)  # ascending
        self.values, self.turns = values.flip(0), turns.flip(1).T.contiguous()  # [value, row]

    def directions(self, count: int) -> Rows:
        return self.turns[:count].to(self.all_rows) @ self.all_rows[: self.count]

    def forward(self, count: int) -> Images:
        """The matrix' images of the leading directions."""
        return self.turns[:count].to(self.all_rows) @ self.all_images[: self.count]

    def residuals(self, images: Images) -> tuple[Rows, Rows]:
        """M M' x of the leading directions x, from their images, and the part of it outside the
        span.
        """
        back = product(images, self.matrix.T)
        values = self.values[: len(back), None].to(back)
        return back, back - values * self.directions(len(back))


def product(rows: Float[Tensor, "row inner"], matrix: Float[Tensor, "inner col"]) -> Tensor:
    """The product `rows @ matrix`.

    On a CPU it is done by oneDNN, as in compiled code: for few rows its kernels took 0.4 of the
    time of the library behind `@`, on a core whose full vector width that library does not use.
    """
    if ONEDNN is None or rows.device.type != "cpu" or rows.dtype != torch.float32:
        return rows @ matrix
    found: Tensor = ONEDNN(rows, matrix.T, None, "none", [], "")
    return found


# torch's own operator for dense tensors; it is missing where torch was built without oneDNN.
ONEDNN: Callable[..., Tensor] | None = (
    getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.enabled else None
)


def orthonormal(rows: Rows) -> Rows:
    """An orthonormal basis of the rows' span; contiguous, as in a checkpoint: bits depend on
    layout.
    """
    if len(rows) == 1:
        return rows / rows.norm().clamp(min=TINY)
    return torch.linalg.qr(rows[: rows.shape[1]].T)[0].T.contiguous()
