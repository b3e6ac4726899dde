"""What is published under a variant's name: one model, or a bag of several.

models/<variant>/model.safetensors, model.json
models/<bag>/bag.json, <member>/model.safetensors, <member>/model.json
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic.dataclasses import dataclass

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.config.model import ModelConfig
from hdemucs.errors import UserError
from hdemucs.files import read_json, replacing, write_json
from hdemucs.models.ensemble import Bag
from hdemucs.models.store import CARD, WEIGHTS, load_model

BAG = "bag.json"
CURE = "assemble the bag again, or fetch it with `dvc pull`"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BagCard:
    """What bag.json says."""

    format: Literal["hdemucs bag 1"]
    members: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...] | None  # [member][source]; None: all alike


class Published(NamedTuple):
    """A system that separates; a model alone is a bag of one."""

    bag: Bag
    config: ModelConfig  # of its first model
    facts: dict[str, Any]  # of its first model


def save_bag(
    folder: Path, members: Mapping[str, Path], weights: tuple[tuple[float, ...], ...] | None
) -> None:
    """Copy the members' models into `folder`, and say how they are weighed.

    Raises:
        UserError: a member is missing or damaged, the members' sources differ, or the weights do
            not fit them.
    """
    Bag([load_model(place)[0] for place in members.values()], weights)
    for name, place in members.items():
        for file in (WEIGHTS, CARD):
            with replacing(folder / name / file) as temporary:
                shutil.copyfile(place / file, temporary)
    card = BagCard(format="hdemucs bag 1", members=tuple(members), weights=weights)
    write_json(folder / BAG, asdict(card))


def load_published(folder: Path) -> Published:
    """The system in a folder, on the CPU and in evaluation mode.

    Raises:
        UserError: a file is missing or damaged, or its models do not go together.
    """
    if not (folder / BAG).exists():
        model, config, facts, _ = load_model(folder)
        return Published(Bag([model]).eval(), config, facts)
    card = validated(read_json(folder / BAG, CURE), BagCard, str(folder / BAG))
    loaded = [load_model(folder / name) for name in card.members]
    rates = {facts["sample_rate"] for _, _, facts, _ in loaded}
    if len(rates) != 1:
        raise UserError(folder, f"its models have rates {sorted(rates)}", "take models of one rate")
    bag = Bag([each.model for each in loaded], card.weights)
    return Published(bag.eval(), loaded[0][1], loaded[0][2])
