"""Read files of torch.save with zipfile alone: a pickle, and the bytes of its tensors."""

from __future__ import annotations

import math
import zipfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .pickles import Global, Hostile, Record, Stored, read

LARGEST_PICKLE = 2 << 20  # bytes; official pickles have some 100,000
LARGEST_NUMBER = 2**40  # above any dimension of a tensor that a file can hold
ENCRYPTED = 0x1  # the flag of an encrypted member in a zip file
TYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "ShortStorage": torch.int16,
    "ByteStorage": torch.uint8,
}


class Weights(ABC):
    """The tensors of an open file, whatever its format."""

    content: Any  # the described object, with records in place of tensors
    size: int  # bytes of the whole file

    @abstractmethod
    def tensor(self, record: Any) -> Tensor:
        """The tensor that a record describes; it never has more bytes than its file.

        Raises:
            Hostile: the record is no tensor, or the tensor reaches beyond its storage.
        """

    def weight(self, record: Any, name: str, shape: torch.Size) -> Tensor:
        """The tensor of a record, which must have this shape; a full-precision copy.

        Raises:
            Hostile: the record is no such tensor.
        """
        tensor = self.tensor(record)
        if tensor.shape != shape:
            raise Hostile(f"its weights do not fit its arguments (at {name!r})")
        return torch.empty(shape).copy_(tensor)


@dataclass(frozen=True)
class Archive(Weights):
    """An open file of torch.save."""

    file: zipfile.ZipFile
    root: str
    content: Any  # the object that its pickle describes, with Records in place of tensors
    size: int  # bytes of the whole file
    storages: dict[str, bytearray] = field(default_factory=dict)  # by key; tensors may share one

    def tensor(self, record: Any) -> Tensor:
        match record:
            case Record(Global("torch._utils", "_rebuild_parameter"), (Record() as inner, *_)):
                record = inner
        match record:
            case Record(
                Global("torch._utils", "_rebuild_tensor_v2"),
                (Stored(("storage", Global() as kind, str(key), *_)), offset, size, stride, *_),
            ):
                return placed(self.storage(kind, key), offset, size, stride)
            case _:
                raise Hostile(f"a {type(record).__name__} stands where a tensor should")

    def storage(self, kind: Global, key: str) -> Tensor:
        """The whole of a storage as a vector."""
        dtype = TYPES.get(kind.name) if kind.module == "torch" else None
        if dtype is None:
            raise Hostile(f"a tensor of {kind} is none of a model's")
        if key not in self.storages:
            self.storages[key] = bytearray(stored(self.file, f"{self.root}/data/{key}"))
        content = self.storages[key]
        size = len(content) // dtype.itemsize
        if not size:
            return torch.empty(0, dtype=dtype)
        return torch.frombuffer(content, dtype=dtype, count=size)


def placed(storage: Tensor, offset: Any, size: Any, stride: Any) -> Tensor:
    """A view of the storage, after checking that the numbers stay inside it."""
    if not (isinstance(size, tuple | list) and isinstance(stride, tuple | list)):
        raise Hostile("a tensor's size or stride is no list of numbers")
    numbers = (offset, *size, *stride)
    possible = all(type(n) is int and 0 <= n <= LARGEST_NUMBER for n in numbers)
    if not possible or len(size) != len(stride):
        raise Hostile("a tensor has impossible dimensions")
    count = math.prod(size)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if count > len(storage) or (count and last >= len(storage)):
        raise Hostile("a tensor is larger than its bytes in the file")
    return storage.as_strided(size, stride, offset if count else 0)


def open_archive(path: Path, file: zipfile.ZipFile) -> Archive:
    """The archive in an open zip file.

    Raises:
        Hostile: torch.save did not write it, or a part of it is hostile.
    """
    pickles = [name for name in file.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise Hostile("it has no pickle of torch.save's")
    size = path.stat().st_size
    if sum(info.file_size for info in file.infolist()) > size:
        raise Hostile("its parts are larger than the file: they are compressed, or overlap")
    root = pickles[0].removesuffix("/data.pkl")
    order = f"{root}/byteorder"
    if order in file.namelist() and stored(file, order) != b"little":
        raise Hostile("its numbers are not little-endian")
    if file.getinfo(pickles[0]).file_size > LARGEST_PICKLE:
        raise Hostile("its pickle is larger than any model's")
    return Archive(file, root, read(stored(file, pickles[0])), size)


def stored(file: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member. torch.save does not compress, so a compressed member may be a zip
    bomb.
    """
    try:
        info = file.getinfo(name)
    except KeyError as error:
        raise Hostile(f"its part {name} is missing") from error
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise Hostile(f"its part {name} is compressed, which torch.save does not")
    if info.flag_bits & ENCRYPTED:
        raise Hostile(f"its part {name} is encrypted, which torch.save does not")
    return file.read(info)
