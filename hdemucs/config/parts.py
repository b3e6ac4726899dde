"""Parts of a configuration whose class depends on their `kind`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from hdemucs.config.load import adapter
from hdemucs.errors import UserError
from hdemucs.registry import part


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of part that parts.toml names: its configuration's class, and how it is built."""

    config: type[Any]  # frozen, strict, without defaults, with `kind: Literal[...]`
    build: Callable[..., Any]  # from the configuration, and what its place in the pipeline gives


def chosen(place: str, *, optional: bool = False) -> PlainValidator:
    """The validator of a field whose class parts.toml lists under [place], by the value's `kind`.

    With `optional`, None is accepted, too.
    """

    def validated(value: Any) -> Any:
        if is_dataclass(value) or (optional and value is None):
            return value
        if not isinstance(value, Mapping) or "kind" not in value:
            raise PydanticCustomError("no_kind", "must be a mapping with a `kind`")
        try:
            found = part(place, value["kind"])
        except UserError as error:
            _, problem, cure = error.parts
            told = {"kind": str(value["kind"]), "problem": problem, "cure": cure}
            raise PydanticCustomError("unknown_kind", "{problem}", told) from error
        return adapter(found.config).validate_json(json.dumps(value))

    return PlainValidator(validated)


def built(place: str, config: Any, *given: Any) -> Any:
    """Build what a configuration describes, with the arguments `given`."""
    return part(place, config.kind).build(config, *given)
