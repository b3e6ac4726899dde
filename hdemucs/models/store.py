"""A model on disk: `model.safetensors` holds its weights, `model.json` describes them.

Each file is written completely or not at all, model.json last. It holds the digest of the weights,
so a description of other weights is noticed.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import safetensors.torch
from pydantic.dataclasses import dataclass
from safetensors import SafetensorError
from torch import Tensor, nn

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.config.model import ModelConfig
from hdemucs.config.parts import chosen
from hdemucs.errors import UserError
from hdemucs.files import read_json, sha256, write_bytes, write_json

from .family import DEMUCS, Conditions, Separator, build, skeleton

WEIGHTS, CARD = "model.safetensors", "model.json"
CURE = "train the model again, or fetch it with `dvc pull`"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Card:
    """The content of model.json."""

    format: Literal["hdemucs model 1"]
    config: Annotated[ModelConfig, chosen("model")]
    facts: dict[str, Any]  # where the model comes from: variant, seed, best epoch, ...
    parameters: int
    sha256: str  # of model.safetensors
    conditions: Conditions = DEMUCS  # not written if they are Demucs'


class Stored(NamedTuple):
    """A model from disk, on the CPU and in evaluation mode."""

    model: Separator
    config: ModelConfig
    facts: dict[str, Any]
    conditions: Conditions


def save_model(
    folder: Path,
    model: nn.Module,
    config: ModelConfig,
    facts: dict[str, Any],
    conditions: Conditions = DEMUCS,
) -> None:
    """Write model.safetensors and model.json into `folder`; equal weights give equal bytes.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    write_bytes(folder / WEIGHTS, safetensors.torch.save(state))
    card = Card(
        format="hdemucs model 1",
        config=config,
        facts=facts,
        parameters=sum(value.numel() for value in state.values()),
        sha256=sha256(folder / WEIGHTS),
        conditions=conditions,
    )
    content = asdict(card)
    if conditions == DEMUCS:
        del content["conditions"]
    write_json(folder / CARD, content)


def load_model(folder: Path) -> Stored:
    """Read the model that `save_model` wrote.

    Raises:
        UserError: a file is missing or damaged, or the files do not belong together.
    """
    card = read_card(folder)
    model = filled(emptied(card.config), read_weights(folder, card), folder / WEIGHTS)
    return Stored(model.eval(), card.config, card.facts, card.conditions)


def read_card(folder: Path) -> Card:
    """Read model.json only."""
    return validated(read_json(folder / CARD, CURE), Card, str(folder / CARD))


def read_weights(folder: Path, card: Card) -> dict[str, Tensor]:
    path = folder / WEIGHTS
    if not path.exists():
        raise UserError(path, "is missing", CURE)
    if sha256(path) != card.sha256:
        raise UserError(path, f"is damaged, or not the one that {CARD} beside it describes", CURE)
    try:
        return safetensors.torch.load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(path, f"cannot be read as safetensors ({error})", CURE) from error


def emptied(config: ModelConfig) -> Separator:
    """A model to be filled with weights; only buffers outside its state dict have values."""
    model = skeleton(config)
    kept = {name for name, _ in model.named_buffers()} - model.state_dict().keys()
    return build(config, seed=0) if kept else model


def filled(model: Separator, state: dict[str, Tensor], path: Path) -> Separator:
    """The model with these weights in place of its own."""
    expected = {name: value.shape for name, value in model.state_dict().items()}
    given = {name: value.shape for name, value in state.items()}
    wrong = sorted(k for k in expected | given if expected.get(k) != given.get(k))
    if wrong:
        raise UserError(path, f"does not fit its configuration at {wrong[0]!r}", CURE)
    model.load_state_dict(state, assign=True)
    return model
