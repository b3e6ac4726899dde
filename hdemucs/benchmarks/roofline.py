"""The least time a network's layers can take on a device, from its measured peaks.

Roofline model (Williams, Waterman and Patterson, 2009), layer by layer: a layer takes at least its
operations over the device's arithmetic peak and at least its bytes over the memory's bandwidth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

BACKWARD = 2  # as many forward passes' work: gradients of inputs and of weights
SIDES = {"cuda": 8192, "cpu": 1024}  # sizes of the square matrices whose product is timed
COPIED = {"cuda": 2**30, "cpu": 2**27}  # bytes of the copy that is timed
TIMES = 5  # repetitions, of which the fastest counts: a peak is what the device can reach


@dataclass(frozen=True)
class Peaks:
    """The peak rates of a device, from the simplest work."""

    fp32: float  # FLOP/s of a product of large matrices
    tf32: float  # the same if torch may round factors to TF32
    bf16: float
    bandwidth: float  # bytes/s of a large copy, read and written


@dataclass(frozen=True)
class Work:
    """The work of one layer in a forward pass."""

    flops: float
    numbers: float  # values read and written: inputs, outputs, weights


def peaks(device: torch.device) -> Peaks:
    """Measure the peak rates of this device now."""
    whole = torch.empty(COPIED[device.type], dtype=torch.uint8, device=device)
    other = torch.empty_like(whole)
    return Peaks(
        fp32=product(device, torch.float32, tf32=False),
        tf32=product(device, torch.float32, tf32=True),
        bf16=product(device, torch.bfloat16, tf32=False),
        bandwidth=2 * whole.nbytes / fastest(lambda: other.copy_(whole), device),
    )


def product(device: torch.device, kind: torch.dtype, *, tf32: bool) -> float:
    """FLOP/s of a product of square matrices."""
    side = SIDES[device.type]
    a, b = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
    with rounding(products=tf32):
        return 2 * side**3 / fastest(lambda: a @ b, device)


def fastest(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of the fastest of some runs, after a warm-up."""
    return min(seconds(work, device) for _ in range(1 + TIMES))


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Seconds until the device has finished the work."""
    wait(device)
    began = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def rounding(*, products: bool = False, convolutions: bool = True) -> Iterator[None]:
    """Set whether CUDA may round fp32 factors to TF32, inside the block; defaults are torch's."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = products
    torch.backends.cudnn.allow_tf32 = convolutions
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def layers(model: nn.Module, inputs: Tensor) -> list[Work]:
    """The work of every convolution, linear layer and LSTM for these inputs.

    Other operations (norms, activations, gates, attention's products) are left out: they could be
    done in the same pass over memory.
    """
    found: list[Work] = []

    def note(module: nn.Module, given: tuple[Any, ...], out: Any) -> None:
        x, y = given[0], out[0] if isinstance(out, tuple) else out
        weights = sum(p.numel() for p in module.parameters(recurse=False))
        found.append(Work(flops(module, x, y), float(x.numel() + y.numel() + weights)))

    hooks = [m.register_forward_hook(note) for m in model.modules() if isinstance(m, COUNTED)]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d)
PLAIN = (nn.Conv1d, nn.Conv2d)
COUNTED = (*PLAIN, *TRANSPOSED, nn.Linear, nn.LSTM)


def flops(module: nn.Module, x: Tensor, y: Tensor) -> float:
    """The operations of a forward pass; a multiplication and an addition count as two."""
    if isinstance(module, nn.LSTM):
        matrices = sum(p.numel() for p in module.parameters() if p.dim() > 1)
        return 2.0 * matrices * x.shape[0] * x.shape[1]
    weight = module.weight
    assert isinstance(weight, Tensor)
    places = x if isinstance(module, TRANSPOSED) else y
    channels = places.shape[-1 if isinstance(module, nn.Linear) else 1]
    return 2.0 * weight.numel() * places.numel() / channels


def floor(work: list[Work], rate: float, bandwidth: float, size: int) -> float:
    """Seconds of a forward and a backward pass, with `size` bytes per value."""
    each = (max(one.flops / rate, one.numbers * size / bandwidth) for one in work)
    return (1 + BACKWARD) * sum(each)
