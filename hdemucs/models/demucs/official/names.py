"""Our parameters under the names they have in facebookresearch/demucs.

Loading a checkpoint means renaming its tensors: each leaf module is paired with its official
prefix, shapes must agree, and no tensor may be left over on either side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from hdemucs.models.demucs.bands import BandedDecode, BandedEncode
from hdemucs.models.demucs.layers import Decode, Encode, FrequencyEmbedding, Refine, Rewrite, Up
from hdemucs.models.demucs.residual import BLSTM, LocalAttention, Residual
from hdemucs.models.demucs.separator import Branch, Demucs, Trunk

Names = Iterator[tuple[nn.Module | nn.Parameter, str]]


def official_names(model: Demucs) -> dict[str, str]:
    """Our parameters' names -> the official ones."""
    ours = {parameter: name for name, parameter in model.named_parameters()}
    return {ours[parameter]: theirs for theirs, parameter in official_parameters(model)}


def official_state(model: Demucs) -> dict[str, Tensor]:
    """The model's weights as an official state dict; no copies."""
    return {name: parameter.detach() for name, parameter in official_parameters(model)}


def under_our_names(model: Demucs, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename an official state dict for `model`, of which only names and shapes matter.

    Raises:
        ValueError: a tensor has no counterpart of its shape; the first one's name is given.
    """
    shapes = official_shapes(model)
    for name in sorted(shapes.keys() | state.keys()):
        if name not in shapes or name not in state or shapes[name] != state[name].shape:
            raise ValueError(f"no counterpart for {name!r}")
    return {ours: state[theirs] for ours, theirs in official_names(model).items()}


def official_shapes(model: Demucs) -> dict[str, torch.Size]:
    """The shapes of the model's parameters under their official names."""
    return {name: parameter.shape for name, parameter in official_parameters(model)}


def official_parameters(model: Demucs) -> Iterator[tuple[str, nn.Parameter]]:
    """Our parameters under their official names."""
    names = hybrid_names if "spectrogram" in model.branches else waveform_names
    for part, name in names(model):
        if isinstance(part, nn.Parameter):
            yield name, part
        else:
            yield from ((f"{name}.{leaf}", p) for leaf, p in part.named_parameters())


def hybrid_names(model: Demucs) -> Names:
    """HDemucs: the trunk's levels are the last entries of the spectrogram branch's lists."""
    yield from branch_names(model.branches["spectrogram"], "", len(model.trunk.encoder))
    if "waveform" in model.branches:
        yield from branch_names(model.branches["waveform"], "t", 0)
    yield from trunk_names(model.trunk, len(model.branches["spectrogram"].encoder))


def branch_names(branch: Branch, t: str, below: int) -> Names:
    """The names of a branch; in its decoder's list, `below` levels of the trunk come first."""
    for i, encode in enumerate(branch.encoder):
        yield from encode_names(encode, f"{t}encoder.{i}")
    if isinstance(branch.embed, FrequencyEmbedding):
        yield branch.embed.embedding, "freq_emb.embedding.weight"
    yield branch.down.conv, f"{t}encoder.{len(branch.encoder)}.conv"
    yield from up_names(branch.up, f"{t}decoder.{below}")
    for i, decode in enumerate(branch.decoder, start=below + 1):
        yield from decode_names(decode, f"{t}decoder.{i}")


def trunk_names(trunk: Trunk, meeting: int) -> Names:
    yield from refine_names(trunk.enter, f"encoder.{meeting}")
    for i, encode in enumerate(trunk.encoder, start=meeting + 1):
        yield from encode_names(encode, f"encoder.{i}")
    for i, decode in enumerate(trunk.decoder):
        yield from decode_names(decode, f"decoder.{i}")
    yield from rewrite_names(trunk.leave, f"decoder.{len(trunk.decoder)}")


def encode_names(encode: Encode | BandedEncode, prefix: str) -> Names:
    if isinstance(encode, BandedEncode):
        for k, band in enumerate(encode.bands):
            yield from encode_names(band, f"{prefix}.layers.{k}")
    else:
        yield encode.down.conv, f"{prefix}.conv"
        yield from refine_names(encode.refine, prefix)


def refine_names(refine: Refine, prefix: str) -> Names:
    yield refine.norm, f"{prefix}.norm1"
    yield from residual_names(refine.residual, f"{prefix}.dconv")
    if isinstance(refine.rewrite, Rewrite):
        yield refine.rewrite.conv, f"{prefix}.rewrite"
        yield refine.rewrite.norm, f"{prefix}.norm2"


def decode_names(decode: Decode | BandedDecode, prefix: str) -> Names:
    if isinstance(decode, BandedDecode):
        for k, band in enumerate(decode.bands):
            yield from decode_names(band, f"{prefix}.layers.{k}")
    else:
        yield from rewrite_names(decode.rewrite, prefix)
        yield from up_names(decode.up, prefix)


def rewrite_names(rewrite: nn.Module, prefix: str) -> Names:
    if isinstance(rewrite, Rewrite):
        yield rewrite.conv, f"{prefix}.rewrite"
        yield rewrite.norm, f"{prefix}.norm1"


def up_names(up: Up, prefix: str) -> Names:
    yield up.conv, f"{prefix}.conv_tr"
    yield up.norm, f"{prefix}.norm2"


def residual_names(residual: nn.Module, prefix: str) -> Names:
    """Official parts are numbered by position; activations and gates count, too."""
    if isinstance(residual, Residual):
        for d, step in enumerate(residual.steps):
            parts = [step.squeeze, step.squeeze_norm, step.activation, *step.context.children()]
            parts += [step.expand, step.expand_norm]
            for place, part in enumerate(parts):
                yield from part_names(part, f"{prefix}.layers.{d}.{place}")
            yield step.scale, f"{prefix}.layers.{d}.{len(parts) + 1}.scale"


def part_names(part: nn.Module, prefix: str) -> Names:
    if isinstance(part, LocalAttention):
        theirs = {"decay": "query_decay", "project": "proj"}
        for name, child in part.named_children():
            yield child, f"{prefix}.{theirs.get(name, name)}"
    else:
        yield part, prefix


def waveform_names(model: Demucs) -> Names:
    """Demucs: layers are numbered by position; a residual branch has position 3."""
    branch, trunk = model.branches["waveform"], model.trunk
    whole = [encode for encode in branch.encoder if isinstance(encode, Encode)]
    downs = [*(encode.down for encode in whole), branch.down]
    refines = [*(encode.refine for encode in whole), trunk.enter]
    for i, (down, refine) in enumerate(zip(downs, refines, strict=True)):
        place = 4 if isinstance(refine.residual, Residual) else 3
        yield down.conv, f"encoder.{i}.0"
        yield refine.norm, f"encoder.{i}.1"
        yield from residual_names(refine.residual, f"encoder.{i}.3")
        if isinstance(refine.rewrite, Rewrite):
            yield refine.rewrite.conv, f"encoder.{i}.{place}"
            yield refine.rewrite.norm, f"encoder.{i}.{place + 1}"
    decodes = [decode for decode in branch.decoder if isinstance(decode, Decode)]
    rewrites = [trunk.leave, *(decode.rewrite for decode in decodes)]
    ups = [branch.up, *(decode.up for decode in decodes)]
    for i, (rewrite, up) in enumerate(zip(rewrites, ups, strict=True)):
        place = 0
        if isinstance(rewrite, Rewrite):  # then its gate has position 2
            yield rewrite.conv, f"decoder.{i}.0"
            yield rewrite.norm, f"decoder.{i}.1"
            place = 3
        yield up.conv, f"decoder.{i}.{place}"
        yield up.norm, f"decoder.{i}.{place + 1}"
    if isinstance(trunk.bottleneck, BLSTM):
        yield trunk.bottleneck, "lstm"
