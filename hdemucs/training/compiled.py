"""The network that training calls, compiled part by part.

Compiled whole, a separator costs minutes before its first step and breaks at every LSTM, of which
compilers know nothing. So each family names the parts of it that gain (`compile_units`).
"""

from __future__ import annotations

import copy
import os
import shutil
import sys

import torch

from hdemucs.errors import UserError
from hdemucs.models.family import Separator

VERSIONS = 256  # of the same code: one for every layer and shape


def compiled(model: Separator, backend: str = "inductor") -> Separator:
    """A twin of the model with the same weights; its `compile_units` compile at their first call.

    The model itself stays as it was: validation has a new length for every song.

    Raises:
        UserError: there is no compiler.
    """
    check_compiler()
    torch._dynamo.config.recompile_limit = VERSIONS
    shared = [*model.parameters(), *model.buffers()]
    twin = copy.deepcopy(model, {id(tensor): tensor for tensor in shared})
    for layer in twin.compile_units():
        layer.compile(backend=backend, dynamic=False)
    return twin


def check_compiler() -> None:
    """torch.compile writes C++ for a CPU and for what launches a GPU's kernels."""
    name = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(name) is None:
        problem = f"is true, and the compiler that torch.compile calls, {name}, is missing"
        raise UserError("training.compile", problem, "install it, or set training.compile to false")
