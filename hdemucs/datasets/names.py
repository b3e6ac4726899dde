"""Names of data sets; a name identifies a folder, a manifest and a configuration."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import TypeAdapter

from hdemucs.config.corpus import CorpusConfig
from hdemucs.config.data import EmbeddedConfig, FetchConfig, MusdbConfig, OwnConfig
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.place import MUSDB

DIGITS = 8


def name_of(config: FetchConfig) -> str:
    """The name of a study's data set, including its extra tracks."""
    name = main_name(config)
    if not config.extra:
        return name
    return f"{name}-with-{digest(tuple(own_name(own, expected(config)) for own in config.extra))}"


def main_name(config: FetchConfig) -> str:
    """The name of the data set without the extra tracks."""
    match config.data:
        case EmbeddedConfig():
            return f"embedded-{digest(config.data.corpus)}"
        case MusdbConfig():
            return MUSDB
        case OwnConfig():
            return own_name(config.data, expected(config))


def own_name(own: OwnConfig, wanted: Expected) -> str:
    """The name of one of the user's own data sets as converted for a study."""
    return f"{own.name}-{digest((own, wanted))}"


def expected(config: FetchConfig) -> Expected:
    return Expected(config.sources, config.sample_rate, config.channels)


def digest(content: CorpusConfig | tuple[Any, ...]) -> str:
    """Eight hexadecimal digits of a configuration's values."""
    return hashlib.sha256(TypeAdapter(type(content)).dump_json(content)).hexdigest()[:8]
