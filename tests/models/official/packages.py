"""Packages of the smallest official model, whole or with anything else in them."""

import io
import math
import zipfile

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hdemucs.models.demucs.official.exporting import NAMING, Naming
from hdemucs.models.demucs.official.names import official_shapes, official_state
from hdemucs.models.demucs.official.quantised import QUANTISER
from hdemucs.models.demucs.official.settings import DEMUCS, to_config
from hdemucs.models.family import build

KWARGS = {
    "sources": ["a"], "audio_channels": 1, "channels": 4, "depth": 2, "dconv_mode": 0,
    "samplerate": 8_000, "segment": 4,
}  # fmt: skip
TINY = to_config(DEMUCS, KWARGS, "tiny")


def tiny(**changes):
    """A package; `kwargs` are added to, everything else is replaced."""
    plain = {
        "klass": DEMUCS, "args": (), "kwargs": KWARGS,
        "state": official_state(build(TINY, seed=0)), "training_args": {"optim": {"lr": 3e-4}},
    }  # fmt: skip
    return plain | changes | {"kwargs": KWARGS | changes.get("kwargs", {})}


def quantised():
    """A package whose weights are all levels of two bits, in groups of one."""
    shapes = official_shapes(build(TINY, seed=0))
    meta = {
        "klass": QUANTISER, "init_kwargs": {"min_size": 1e-9, "group_size": 1},
        "packed": True, "torch_pack": False,
    }  # fmt: skip
    state = {
        "__quantized": True, "quantized": [levels(shape.numel()) for shape in shapes.values()],
        "float16": [], "others": [], "meta": meta,
    }  # fmt: skip
    return tiny(state=state)


def levels(length):
    """The lowest of four levels, so many times."""
    lines = math.ceil(length / 2048)
    words = {bits: torch.zeros(lines, bits, 32, dtype=torch.int64) for bits in (0, 2)}
    return [None, words[2], *[None] * 12], (-0.5, 1.0), words[0]


def saved(folder, content):
    """torch.save's file of it, classes by their names."""
    torch.save(content, folder / "evil.th", pickle_module=NAMING)
    return folder / "evil.th"


def dumps(content):
    """The pickle alone, of a package without tensors."""
    buffer = io.BytesIO()
    Naming(buffer, 2).dump(content)
    return buffer.getvalue()


def write(path, pickled, storages=(), compress=zipfile.ZIP_STORED, root="archive"):
    """A file of torch.save's with any pickle in it."""
    with zipfile.ZipFile(path, "w", compress) as file:
        file.writestr(f"{root}/data.pkl", pickled)
        file.writestr(f"{root}/byteorder", "little")
        for key, content in enumerate(storages):
            file.writestr(f"{root}/data/{key}", content)


class Memory(TorchDispatchMode):
    """Ends what makes tensors of more than `most` bytes in all."""

    def __init__(self, most):
        super().__init__()
        self.left = most

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and out.device.type == "cpu":
            self.left -= out.nbytes
        if self.left < 0:
            pytest.fail("too much memory")
        return out
