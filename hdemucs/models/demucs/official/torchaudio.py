"""Read torchaudio's Hybrid Demucs: the official architecture as a state dict with other names.

`torchaudio.models.HDemucs` has the official layers under other names and stores no arguments:
they follow from the names and shapes of its weights. The last layer of its waveform encoder, a
single convolution, has a norm that is never called; it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from .pickles import Hostile

PREFIXES = {"freq_": "", "time_": "t"}  # of encoder and decoder, and their official prefixes
EMBEDDING = "freq_emb.embedding.weight"
SOURCES = ("drums", "bass", "other", "vocals")  # of both bundles of weights, in their order
SMALLEST = 8  # the window over the embedding's frequencies: 1/2 of the window, and 1/4 of those

Shapes = Mapping[str, torch.Size]


def is_torchaudio(content: Any) -> bool:
    """Whether a file's content is a state dict of torchaudio's class."""
    return (
        isinstance(content, Mapping)
        and "klass" not in content
        and any(str(key).startswith("freq_encoder.") for key in content)
    )


def official_name(name: str) -> str:
    """A weight's name in the official package."""
    for theirs, official in PREFIXES.items():
        if name.startswith((f"{theirs}encoder.", f"{theirs}decoder.")):
            return official + name.removeprefix(theirs)
    return name


def in_use(names: Iterable[str]) -> dict[str, str]:
    """Torchaudio's names -> official names, of the weights that its forward pass uses."""
    every = {name: official_name(name) for name in names}
    layers = [int(n.split(".")[1]) for n in every.values() if n.startswith("tencoder.")]
    unused = f"tencoder.{max(layers, default=0)}.norm1."
    return {name: official for name, official in every.items() if not official.startswith(unused)}


def arguments(shapes: Shapes) -> dict[str, Any]:
    """The official class' arguments, from the shapes of the weights under their official names.

    Raises:
        Hostile: no such model has these weights.
    """
    try:
        return inferred(shapes)
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise Hostile(f"its weights are no Hybrid Demucs' ({error})") from error


def inferred(shapes: Shapes) -> dict[str, Any]:
    first = shapes["encoder.0.conv.weight"]
    audio = shapes["tencoder.0.conv.weight"][1]
    depth = 1 + max(int(name.split(".")[1]) for name in shapes if name.startswith("encoder."))
    last = max(int(name.split(".")[1]) for name in shapes if name.startswith("tdecoder."))
    count = shapes[f"tdecoder.{last}.conv_tr.weight"][1] // audio
    residual = [name for name in shapes if name.startswith("encoder.0.dconv.layers.")]
    squeezed = shapes["encoder.0.dconv.layers.0.0.weight"][0]
    return {
        "sources": SOURCES if count == len(SOURCES) else tuple(f"source_{n}" for n in range(count)),
        "audio_channels": audio,
        "channels": first[0],
        "depth": depth,
        "nfft": SMALLEST * shapes[EMBEDDING][0],
        "norm_starts": starting(shapes, depth, "norm1.weight"),
        "dconv_depth": 1 + max(int(name.split(".")[4]) for name in residual),
        "dconv_comp": first[0] // squeezed,
        "dconv_lstm": starting(shapes, depth, "lstm.weight_ih_l0"),
        "dconv_attn": starting(shapes, depth, "query_decay.weight"),
    }


def starting(shapes: Shapes, depth: int, part: str) -> int:
    """The first level of the encoder that has a part; `depth` where none has."""
    having = [n for n in shapes if n.startswith("encoder.") and n.endswith(part)]
    return min((int(name.split(".")[1]) for name in having), default=depth)
