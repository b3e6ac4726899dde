"""Read quantised states of the package DiffQ by their format.

Weights of more than `min_size` MB are quantised, one after the other in the order of the official
model's modules. Values come in groups of `group_size` that share a number of bits b; a value is one
of 2**b levels, evenly spaced from the tensor's smallest value to its greatest. Levels are stored
by their number of bits. The other weights follow, at full or half precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from hdemucs.models.demucs.separator import Demucs

from .archive import LARGEST_NUMBER, Weights
from .names import official_shapes
from .pickles import Global, Hostile

WORD, BLOCK = 64, 32  # bits in a word, and words that are packed together
MOST_BITS = 14  # DiffQ trains up to 15 bits, but does not store weights that need so many
QUANTISER = Global("diffq.diffq", "DiffQuantizer")
DEFAULTS = {"min_size": 0.01, "float16": False, "group_size": 1, "min_bits": 2, "exclude": []}
SUPPORTED: dict[str, Callable[[Any], bool]] = {
    "min_size": lambda x: type(x) in (int, float) and 0 < x < LARGEST_NUMBER,  # MB
    "float16": lambda x: type(x) is bool,
    "group_size": lambda x: type(x) is int and 0 < x < LARGEST_NUMBER,
    "min_bits": lambda x: type(x) in (int, float) and 1 <= x <= MOST_BITS and x == int(x),
    "exclude": lambda x: x is None or x == [] or x == (),
}

TOP = ("encoder", "decoder", "tencoder", "tdecoder", "freq_emb", "lstm")
ENCODER = ("conv", "norm1", "rewrite", "norm2", "dconv")
DECODER = ("conv_tr", "norm2", "rewrite", "norm1")


def is_quantised(state: Mapping[Any, Any]) -> bool:
    return state.get("__quantized") is True


def restored(archive: Weights, state: Mapping[Any, Any], model: Demucs) -> dict[str, Tensor]:
    """Restore an official state dict from a quantised state of that model.

    Raises:
        Hostile: it is not what DiffQ writes for such a model.
    """
    settings = settings_of(state.get("meta"))
    smallest = settings["min_size"] * 2**20 // 4
    shapes = in_official_order(model)
    large = [name for name, shape in shapes.items() if shape.numel() > smallest]
    small = [name for name in shapes if name not in set(large)]
    plain, unused = ("float16", "others") if settings["float16"] else ("others", "float16")
    expected = {"quantized": large, plain: small, unused: []}
    for part, names in expected.items():
        if (given := len(listed(state, part))) != len(names):
            problem = f"its quantised state has {given} weights in {part!r} and not {len(names)}"
            raise Hostile(problem)
    out = {}
    for name, entry in zip(large, state["quantized"], strict=True):
        out[name] = unquantised(archive, entry, shapes[name], settings)
    for name, record in zip(small, state[plain], strict=True):
        out[name] = archive.weight(record, name, shapes[name])
    return out


def settings_of(meta: Any) -> dict[str, Any]:
    """The settings of the quantisation, if DiffQ did it in a way that we can read."""
    match meta:
        case {"klass": Global() as kind, "init_kwargs": dict() as given}:
            settings = {key: given.get(key, value) for key, value in DEFAULTS.items()}
        case _:
            raise Hostile("its quantised state does not say how it was quantised")
    if kind != QUANTISER or not meta.get("packed") or meta.get("torch_pack"):
        raise Hostile(f"it is quantised in a way that is not supported ({kind})")
    for name, supported in SUPPORTED.items():
        if not supported(settings[name]):
            raise Hostile(f"it is quantised with a {name} that is not supported")
    return settings


def listed(state: Mapping[Any, Any], name: str) -> list[Any]:
    values = state.get(name)
    if not isinstance(values, list):
        raise Hostile(f"its quantised state has no list {name!r}")
    return values


def in_official_order(model: Demucs) -> dict[str, torch.Size]:
    """Official names and shapes, in the order of the official model's parameters."""
    return dict(sorted(official_shapes(model).items(), key=lambda item: places(item[0])))


def places(name: str) -> list[int]:
    """The position of each part of a name among its siblings; 0 where our order is the official
    one.
    """
    top, *parts = name.split(".")
    order = DECODER if top.endswith("decoder") else ENCODER
    ranks = {part: rank for rank, part in enumerate(order)}
    return [TOP.index(top), *(int(p) if p.isdigit() else ranks.get(p, 0) for p in parts)]


def unquantised(
    archive: Weights, entry: Any, shape: torch.Size, settings: Mapping[str, Any]
) -> Tensor:
    """Restore one weight from its levels."""
    match entry:
        case (list() as packed, (float() as least, float() as most), bits_packed):
            groups, rest = divmod(shape.numel(), settings["group_size"])
        case _:
            raise Hostile("a quantised weight has no levels")
    if rest:
        raise Hostile("a quantised weight has impossible groups")
    bits = unpacked(archive.tensor(bits_packed), groups) + int(settings["min_bits"])
    if len(packed) != MOST_BITS or int(bits.max()) > MOST_BITS:
        raise Hostile("a quantised weight has impossible groups")
    levels = torch.zeros(groups, settings["group_size"])
    for count, record in enumerate(packed, start=1):
        chosen = bits == count
        if chosen.any():
            values = unpacked(archive.tensor(record), int(chosen.sum()) * settings["group_size"])
            levels[chosen] = values.view(-1, settings["group_size"]).float()
    unit = 1 / (2 ** bits[:, None].float() - 1)
    return (levels * unit * (most - least) + least).view(shape)


def unpacked(packed: Tensor, length: int) -> Tensor:
    """Unpack integers from words [line, bit, BLOCK].

    Bit k of word (l, b, i) is bit b of value (l, k, i).

    Raises:
        Hostile: there are not as many words as this number of integers needs.
    """
    lines = math.ceil(length / (WORD * BLOCK))
    if packed.dtype != torch.int64 or packed.dim() != 3 or packed.shape[::2] != (lines, BLOCK):  # noqa: PLR2004
        raise Hostile("a quantised weight has not as many levels as values")
    values = torch.zeros(lines, WORD, BLOCK, dtype=torch.int64)
    for place, words in bit_planes(packed):
        values |= ((words >> torch.arange(WORD)[:, None]) & 1) << place
    return values.flatten()[:length]


def bit_planes(packed: Tensor) -> Iterator[tuple[int, Tensor]]:
    """The position of each bit, and its words, [line, 1, BLOCK]."""
    if packed.shape[1] > MOST_BITS + 1:
        raise Hostile("a quantised weight has too many bits")
    return enumerate(packed[:, :, None].unbind(1))
