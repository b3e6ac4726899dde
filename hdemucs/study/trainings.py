"""Every training that the variants ask for at one scale, and how they make up each variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from hdemucs.config.ensemble import EnsembleConfig, members, variant_of
from hdemucs.config.given import GIVEN, EstimatesConfig, ReleasedConfig, ScoresConfig
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig, deciding
from hdemucs.errors import UserError
from hdemucs.files import digest
from hdemucs.registry import part
from hdemucs.study.params import Tree, changed
from hdemucs.study.released import released
from hdemucs.study.variants import effective, known

GIVEN_CONFIGS: Mapping[str, Any] = {
    "released": ReleasedConfig,
    "estimates": EstimatesConfig,
    "scores": ScoresConfig,
}


class Trainings:
    """The trainings of one scale; what several variants need is computed and checked once."""

    def __init__(self, base: Tree, scale: str, scales: Tree, variants: Tree) -> None:
        """`base` is that of params.yaml, without the scale's changes."""
        self.base, self.scale, self.scales, self.variants = base, scale, scales, variants
        self.data = changed(base["fetch"], scales[scale].get("fetch"), f"scales.{scale}.fetch")
        self.parts = cache(self._parts)
        self.of = cache(self._of)

    def configurations(self, name: str) -> dict[str, Any]:
        """The files under configs/train/ by name: what a variant is, and its own trainings."""
        self.parts(name)
        if self.variants[name].keys() & set(GIVEN):
            return {name: self.given(name)}
        if "bag" in self.variants[name]:
            return {name: self.bag(name)}
        own = self.of(name)
        if tuple(own) == (name,):
            return own
        own_members = {
            t: dict.fromkeys(config["model"]["sources"], 1.0) for t, config in own.items()
        }
        return {name: self.ensemble(name, own_members), **own}

    def behind(self, name: str) -> list[str]:
        """Every training that a variant takes, each after what it starts from; none if given."""
        if self.variants[name].keys() & set(GIVEN):
            return []
        found: dict[str, None] = {}
        for member in members(name, self.configurations(name)[name]):
            start = self.of(variant_of(member))[member]["training"]["start_from"]
            origins = self.behind(variant_of(start["variant"])) if start else []
            found |= dict.fromkeys([*origins, member])
        return list(found)

    def given(self, name: str) -> Any:
        """The configuration of what others made: released models, estimates or scores."""
        [kind] = self.variants[name].keys() & set(GIVEN)
        where, asked = f"variants.{name}.{kind}", self.variants[name][kind]
        if kind == "released":
            said = released(asked, where)
        else:
            said = changed({"path": None}, asked if isinstance(asked, dict) else {"": asked}, where)
        content = {"kind": kind, "variant": name, **said}
        validated(content, GIVEN_CONFIGS[kind], where)
        return content

    def _parts(self, name: str) -> dict[str, Any]:
        """A variant's model, training, validation and separation."""
        return effective(self.base, self.scale, self.scales, self.variants, name)

    def _of(self, name: str) -> dict[str, Any]:
        """The TrainConfig of each training of a variant that is trained, by the training's name.

        Raises:
            UserError: a parameter that is unknown, missing, of a wrong type or out of range.
        """
        data = tuple(self.data["sources"])
        if not self.parts(name)["training"]["per_source"]:
            return {name: self.training(name, name, data)}
        trainings = {source: f"{name}.{source}" for source in data}
        return {t: self.training(name, t, (source,)) for source, t in trainings.items()}

    def training(self, name: str, training: str, sources: tuple[str, ...]) -> Any:
        """The TrainConfig of one training: a model of these sources."""
        parts, where = self.parts(name), f"variants.{name}"
        recipe = {k: v for k, v in parts["training"].items() if k != "per_source"}
        content = {
            "variant": training,
            "sample_rate": self.data["sample_rate"],
            "sources": self.data["sources"],
            "model": self.completed(parts["model"], sources, where),
            "training": {**recipe, "start_from": self.start(name, training)},
            "validation": parts["validation"],
        }
        validated(content, TrainConfig, where)
        return content

    def start(self, name: str, training: str) -> dict[str, str] | None:
        """The start of a fine-tuning: its origin's training of the same sources."""
        origin = self.variants[name].get("fine_tune")
        if origin is None:
            return None
        begun = origin + training.removeprefix(name)
        if begun not in self.of(origin):
            problem = f"differs from that of {origin}"
            cure = "tune as many networks as the origin has"
            raise UserError(f"variants.{name}.training.per_source", problem, cure)
        return {"variant": begun, "config": digest(deciding(self.of(origin)[begun]))}

    def completed(self, model: Tree, sources: tuple[str, ...], where: str) -> dict[str, Any]:
        """A model's configuration with the fields that follow from the data."""
        if "kind" not in model:
            raise UserError(f"{where}.model.kind", "is missing", "name the family's kind")
        follows = {"sources": list(sources), "audio_channels": self.data["channels"]}
        rate = {"sample_rate": self.data["sample_rate"]}
        wanted = {field.name for field in fields(part("model", model["kind"]).config)}
        return {**model, **follows, **(rate if "sample_rate" in wanted else {})}

    def bag(self, name: str) -> Any:
        """The EnsembleConfig of finished variants, with the weights of `bag.weights`."""
        where, sources = f"variants.{name}.bag", tuple(self.data["sources"])
        said = changed({"members": [], "weights": None}, self.variants[name]["bag"], where)
        names = [known(self.variants, m, f"{where}.members", name) for m in said["members"]]
        rows = said["weights"] or [[1.0] * len(sources)] * len(names)
        if not names or [len(row) for row in rows] != [len(sources)] * len(names):
            problem = f"must be a row for each of the {len(names)} members: {', '.join(sources)}"
            raise UserError(f"{where}.weights", problem, "correct members and weights")
        weighed = {
            training: {s: row[sources.index(s)] for s in config["model"]["sources"]}
            for member, row in zip(names, rows, strict=True)
            for training, config in self.of(member).items()
        }
        return self.ensemble(name, weighed)

    def ensemble(self, name: str, members: dict[str, dict[str, float]]) -> Any:
        """The EnsembleConfig of trainings with their weights."""
        every = {t: c for n in members for t, c in self.of(n.partition(".")[0]).items()}
        content = {
            "kind": "ensemble",
            "variant": name,
            "members": {
                training: {"config": digest(deciding(every[training])), "weights": weights}
                for training, weights in members.items()
            },
        }
        validated(content, EnsembleConfig, f"variants.{name}")
        return content
