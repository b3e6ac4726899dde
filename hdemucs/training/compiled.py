"""The network that training calls, compiled part by part.

Compiling a whole separator takes minutes and breaks off at every LSTM, which torch.compile does
not handle. So each family names the parts of it that run faster when compiled (`compile_units`).
"""

from __future__ import annotations

import copy
import os
import shutil
import sys

import torch

from hdemucs.errors import UserError
from hdemucs.models.family import Separator

VERSIONS = 256  # compiled versions of the same code: one for every layer and shape


def compiled(model: Separator, backend: str = "inductor") -> Separator:
    """A copy that shares the model's weights; its `compile_units` are compiled at their first call.

    The model itself is not compiled: validation gives it a new length for every song.

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
    """Check that torch.compile has its C++ compiler; it needs one for CPUs and for GPU kernels.

    Raises:
        UserError: the compiler is missing.
    """
    name = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(name) is None:
        problem = f"is true, and the compiler that torch.compile calls, {name}, is missing"
        raise UserError("training.compile", problem, "install it, or set training.compile to false")
