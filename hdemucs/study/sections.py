"""The configuration of each stage, and which of its settings follow from the whole study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hdemucs.config.automix import AutomixStageConfig
from hdemucs.config.data import FetchConfig, OwnConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.listening import ExcerptsConfig, ListeningConfig, RatingsConfig
from hdemucs.config.report import ReportConfig
from hdemucs.data.manifest import MIXTURE
from hdemucs.datasets.originals import Listed, check_listed
from hdemucs.datasets.own import load_own
from hdemucs.errors import UserError
from hdemucs.study.params import Tree, unknown
from hdemucs.study.rows import rows

STEMS = ("drums", "bass", "other", "vocals")  # of MUSDB18-HQ and of the embedded corpus
ALL = "all"  # the column for all sources together


@dataclass(frozen=True)
class Study:
    """What a stage's settings may follow from."""

    scale: str
    names: list[str]  # of the study's variants
    base: Tree  # with the scale's changes
    variants: Tree
    own: Mapping[str, Listed]  # the user's own data sets


Derived = Callable[[Study], dict[str, Any]]


def nothing(_study: Study) -> dict[str, Any]:
    return {}


def systems(study: Study) -> dict[str, Any]:
    """The systems that listeners compare: those of `listening.systems`, or the whole study."""
    heard = [name for name in study.names if "scores" not in study.variants[name]]
    chosen = study.base["listening"].get("systems") or heard
    for name in chosen:
        if name not in heard:
            raise unknown(f"listening.systems={name}", name, heard, "variant that can be heard")
    return {"systems": chosen}


def corpus_rate(study: Study) -> dict[str, Any]:
    """The embedded corpus is rendered at the study's rate; a path names a data set's YAML."""
    fetch = study.base["fetch"]
    if not isinstance(fetch["extra"], list):
        cure = f"write it as a list, [{fetch['extra']}]"
        raise UserError("fetch.extra", "is no list of data sets", cure)
    data = described(fetch["data"], study.own)
    hold_sources(fetch["sources"], "fetch.data", data)
    if data.get("kind") == "embedded":
        data["corpus"] = {**data["corpus"], "sample_rate": fetch["sample_rate"]}
    extra = [described(each, study.own) for each in fetch["extra"]]
    for place, each in enumerate(extra):
        hold_sources(fetch["sources"], f"fetch.extra[{place}]", each)
    return {"data": data, "extra": extra}


def hold_sources(sources: Any, where: str, data: Mapping[str, Any]) -> None:
    """Compare a data set's sources with the study's one list of sources, before anything is
    fetched.

    Raises:
        UserError: the list is not valid, or the data have other sources.
    """
    named = isinstance(sources, list) and all(isinstance(name, str) for name in sources)
    if not named or not sources or len(set(sources)) != len(sources):
        raise UserError("fetch.sources", "is no list of different names", "write e.g. [vocals]")
    if taken := sorted({MIXTURE, ALL} & set(sources)):
        problem = f"names {taken[0]}, which means all sources together"
        raise UserError("fetch.sources", problem, "give the source another name")
    stems = data.get("stems")
    there = set(STEMS) if stems is None else set(stems) - {MIXTURE}
    if there != set(sources):
        problem = f"has the sources {', '.join(sorted(there))}, and fetch.sources is {sources}"
        cure = "make fetch.sources the data's sources; models, tables and listening tests follow it"
        raise UserError(where, problem, cure)


def described(data: Any, own: Mapping[str, Listed]) -> dict[str, Any]:
    """A data set's description, given here or in the file that is named instead."""
    if isinstance(data, str):
        check_listed(data, own)
        return dict(TypeAdapter(OwnConfig).dump_python(load_own(Path(data)), mode="json"))
    return dict(data)


def tuned(study: Study) -> dict[str, Any]:
    """Realistic mixes are made if any variant of the study is fine-tuned on them."""
    return {"wanted": any("fine_tune" in study.variants[name] for name in study.names)}


def table(study: Study) -> dict[str, Any]:
    """The tables' rows are the study's variants, in the order of params.yaml."""
    return {"scale": study.scale, "rows": rows(study.names, study.variants)}


# Stage -> its configuration: base.<stage>, and what follows from the study.
SECTIONS: dict[str, tuple[Any, Derived]] = {
    "fetch": (FetchConfig, corpus_rate),
    "automix": (AutomixStageConfig, tuned),
    "evaluate": (EvaluationConfig, nothing),
    "excerpts": (ExcerptsConfig, nothing),
    "listening": (ListeningConfig, systems),
    "report": (ReportConfig, table),
    "ratings": (RatingsConfig, systems),
}
