"""Which configuration each stage has, and what of it follows from the study as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdemucs.config.data import FetchConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.listening import ExcerptsConfig, ListeningConfig, RatingsConfig
from hdemucs.study.params import Tree

Derived = Callable[[Tree, list[str]], dict[str, Any]]


def nothing(_base: Tree, _study: list[str]) -> dict[str, Any]:
    return {}


def systems(_base: Tree, study: list[str]) -> dict[str, Any]:
    """What listeners compare: the study's variants."""
    return {"systems": study}


def corpus_rate(base: Tree, _study: list[str]) -> dict[str, Any]:
    """The embedded corpus is rendered at the study's rate."""
    data = dict(base["fetch"]["data"])
    if data.get("kind") == "embedded":
        rate = base["fetch"]["sample_rate"]
        data["corpus"] = {**data["corpus"], "sample_rate": rate}
    return {"data": data}


# Stage -> its configuration, which is base.<stage> and what is derived.
SECTIONS: dict[str, tuple[Any, Derived]] = {
    "fetch": (FetchConfig, corpus_rate),
    "evaluate": (EvaluationConfig, nothing),
    "excerpts": (ExcerptsConfig, nothing),
    "listening": (ListeningConfig, systems),
    "ratings": (RatingsConfig, systems),
}
