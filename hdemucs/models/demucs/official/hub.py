"""Official models as safetensors files: class and arguments are JSON in the file's metadata.

demucs 4.1.0 reads this format from a model hub (its `demucs/hf.py`). A nested state, such as
DiffQ's, is flattened: its `structure` is JSON with tensors by name. No code in it is run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from .archive import LARGEST_PICKLE, Weights
from .pickles import Global, Hostile

DEEPEST = 20  # most levels of a structure


@dataclass(frozen=True)
class Named:
    """A tensor of the file, referred to by its name."""

    name: str


@dataclass(frozen=True)
class Hub(Weights):
    """An open safetensors file."""

    file: Any  # of safetensors.safe_open
    content: Any  # as the official package would have pickled it, with Named in place of tensors
    size: int  # bytes of the whole file

    def tensor(self, record: Any) -> Tensor:
        match record:
            case Named(name) if name in self.file.keys():  # noqa: SIM118  safe_open is no mapping
                found: Tensor = self.file.get_tensor(name)
                return found
            case _:
                raise Hostile(f"a {type(record).__name__} stands where a tensor should")


def is_hub(path: Path) -> bool:
    """Whether a file starts as safetensors files do: 8 bytes of length, then JSON."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def open_hub(path: Path) -> Hub:
    """
    Raises:
        Hostile: it is damaged, or its metadata describe no official model.
    """
    try:
        file: Any = safe_open(path, "pt")
    except SafetensorError as error:
        raise Hostile(f"it is no whole safetensors file ({error})") from error
    said = file.metadata() or {}
    kind = global_of(said.get("klass"))
    args, kwargs = (plain(read(said, name)) for name in ("args", "kwargs"))
    if "structure" in said:
        state = built(read(said, "structure"), 0)
    else:
        state = {name: Named(name) for name in file.keys()}  # noqa: SIM118
    content = {"klass": kind, "args": tuple(args), "kwargs": kwargs, "state": state}
    return Hub(file, content, path.stat().st_size)


def read(said: Mapping[str, str], name: str) -> Any:
    text = said.get(name, "")
    if len(text) > LARGEST_PICKLE:
        raise Hostile(f"its {name} are larger than any model's")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Hostile(f"its metadata have no {name} in JSON") from error


def global_of(name: Any) -> Global:
    """The class of this full name, which is not imported."""
    module, dot, last = str(name).rpartition(".")
    if not dot or not last.isidentifier():
        raise Hostile("its metadata name no class")
    return Global(module, last)


def plain(value: Any) -> Any:
    """Arguments, with fractions converted to numbers."""
    match value:
        case {"_type": "fraction", "numerator": int() as above, "denominator": int() as below}:
            if not below:
                raise Hostile("its arguments hold an impossible fraction")
            return float(Fraction(above, below))
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case _:
            return value


def built(node: Any, depth: int) -> Any:
    """The nested state that a structure describes."""
    if depth > DEEPEST:
        raise Hostile("its structure is deeper than any model's")

    def inner(items: Any) -> list[Any]:
        return [built(item, depth + 1) for item in items]

    forms: dict[str, Callable[[Any], Any]] = {
        "_tensor": lambda name: Named(str(name)),
        "_dict": lambda items: {key: built(item, depth + 1) for key, item in items},
        "_list": inner,
        "_tuple": lambda items: tuple(inner(items)),
        "_class": global_of,
    }
    if not isinstance(node, dict):
        return node
    for form, make in forms.items():
        if form in node:
            return make(node[form])
    raise Hostile("its structure has a part of no known form")
