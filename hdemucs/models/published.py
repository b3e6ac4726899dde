"""The models published under a variant's name: a single one, or an ensemble of several."""

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
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.store import CARD, WEIGHTS, Stored, load_model

ENSEMBLE = "ensemble.json"
CURE = "assemble the ensemble again, or fetch it with `dvc pull`"

Weights = Mapping[str, Mapping[str, float]]  # by member, then by source


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EnsembleCard:
    """The content of ensemble.json."""

    format: Literal["hdemucs ensemble 1"]
    members: dict[str, dict[str, float]]  # each member's weights, by source


class Published(NamedTuple):
    """A system for separation; a single model is an ensemble of one."""

    ensemble: Ensemble
    config: ModelConfig  # of its first model
    facts: dict[str, Any]  # of its first model


def save_ensemble(folder: Path, places: Mapping[str, Path], weights: Weights) -> None:
    """Copy the members' models into `folder`, and write their weights in the mean.

    Raises:
        UserError: a member is missing or damaged, or the weights do not fit the members.
    """
    together([load_model(place) for place in places.values()], weights)
    for name, place in places.items():
        for file in (WEIGHTS, CARD):
            with replacing(folder / name / file) as temporary:
                shutil.copyfile(place / file, temporary)
    said = {name: dict(each) for name, each in weights.items()}
    write_json(folder / ENSEMBLE, asdict(EnsembleCard(format="hdemucs ensemble 1", members=said)))


def load_published(folder: Path) -> Published:
    """The system in a folder, on the CPU and in evaluation mode.

    Raises:
        UserError: a file is missing or damaged, or its models do not go together.
    """
    if not (folder / ENSEMBLE).exists():
        stored, ensemble = [load_model(folder)], None
    else:
        card = validated(read_json(folder / ENSEMBLE, CURE), EnsembleCard, str(folder / ENSEMBLE))
        stored, ensemble = [load_model(folder / name) for name in card.members], card.members
    alike(folder, "rates", [each.facts.get("sample_rate") for each in stored])
    alike(folder, "channels", [each.config.audio_channels for each in stored])
    return Published(together(stored, ensemble).eval(), stored[0].config, stored[0].facts)


def together(stored: list[Stored], weights: Weights | None) -> Ensemble:
    rows = None if weights is None else list(weights.values())
    return Ensemble([s.model for s in stored], rows, [s.conditions for s in stored])


def alike(folder: Path, what: str, values: list[Any]) -> None:
    """Check that the models agree in this.

    Raises:
        UserError: models that differ in this.
    """
    if len(set(values)) != 1:
        raise UserError(folder, f"its models have {what} {sorted(set(values))}", "take equal ones")
