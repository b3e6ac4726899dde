"""The network that training calls, compiled part by part.

Compiled whole, a separator costs minutes before its first step and breaks at every LSTM, of which
compilers know nothing. Its layers are what gains: norms, activations and gates between two
convolutions become one pass over memory. STFT, resampling and LSTMs stay as they are.
"""

from __future__ import annotations

import copy
import os
import shutil
import sys
from collections.abc import Iterator

import torch
from torch import nn

from hdemucs.errors import UserError
from hdemucs.models.demucs.layers import Decode, Down, Encode, Refine, Rewrite, Up
from hdemucs.models.demucs.residual import LocalAttention, Step

LAYERS = (Encode, Decode, Down, Refine, Rewrite, Up, Step, LocalAttention)
VERSIONS = 256  # of the same code: one for every layer and shape


def compiled(model: nn.Module, backend: str = "inductor") -> nn.Module:
    """A twin of the model that has the same weights, its layers compiled at their first call.

    The model itself stays as it was: validation has a new length for every song.

    Raises:
        UserError: there is no compiler.
    """
    check_compiler()
    torch._dynamo.config.recompile_limit = VERSIONS
    shared = [*model.parameters(), *model.buffers()]
    twin = copy.deepcopy(model, {id(tensor): tensor for tensor in shared})
    for layer in layers(twin):
        layer.compile(backend=backend, dynamic=False)
    return twin


def layers(module: nn.Module) -> Iterator[nn.Module]:
    """The largest layers without an LSTM."""
    if isinstance(module, LAYERS) and not any(isinstance(m, nn.LSTM) for m in module.modules()):
        yield module
        return
    for child in module.children():
        yield from layers(child)


def check_compiler() -> None:
    """torch.compile writes C++ for a CPU and for what launches a GPU's kernels."""
    name = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(name) is None:
        problem = f"is true, and the compiler that torch.compile calls, {name}, is missing"
        raise UserError("training.compile", problem, "install it, or set training.compile to false")
