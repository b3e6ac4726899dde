"""The networks of a variant, whether or not it is trained or downloaded yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.given import GIVEN
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.models.family import Conditions
from hdemucs.preflight.scoring import Basis, Network, System
from hdemucs.released.obtain import FOLDER
from hdemucs.released.publish import network_in
from hdemucs.study.effective import of_variant, read, stages, train_configuration, trainings
from hdemucs.study.params import Tree, unknown
from hdemucs.study.released import like

FULL = "paper"  # the scale of released models


def system(name: str, params: Tree, scale: str, home: Path) -> System:
    """A variant at a scale; `home` is the folder of released files.

    Raises:
        UserError: there is no such variant or scale, or a parameter is wrong.
    """
    found = read({**params, "scale": scale})
    if name not in found.variants:
        raise unknown(f"variants.{name}", name, found.variants, "variant")
    asked = trainings(found, scale)
    files = of_variant(name, stages(found, scale), asked)
    how = validated(files[f"separation/{name}.json"], EstimationConfig, f"variants.{name}")
    config = files[f"train/{name}.json"]
    if config.get("kind") in GIVEN:
        entries = config.get("files", {})
        networks = [released(key, entries[key], params, home) for key in entries]
        return System(name, tuple(networks), how, scored=config["kind"] != "scores")
    members = config.get("members") or {name: None}
    configs = [asked.of(member.partition(".")[0])[member] for member in members]
    return System(name, tuple(map(trained, configs)), how)


def trained(content: Any) -> Network:
    """The network of a training's configuration."""
    config = validated(content, TrainConfig, content["variant"])
    made_for = Conditions(normalise=config.training.normalise, chunk=config.training.chunk)
    return Network(config.model, Basis.VARIANT, made_for)


def released(signature: str, entry: Tree, params: Tree, home: Path) -> Network:
    """The network in a released file or, as long as that is not here, a similar one."""
    given = os.environ.get(FOLDER, "")
    folder = Path(given).expanduser() if given else home / "data" / "released"
    path = folder / str(entry["file"])
    if path.is_file():
        return Network(network_in(path), Basis.FILE)
    variant, told = like(signature)
    content = train_configuration(params, FULL, variant)
    return Network(trained(content).config, Basis.ALIKE if told else Basis.GUESS)
