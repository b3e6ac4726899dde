"""Configurations from the JSON files that `resolve` writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from hdemucs.errors import UserError
from hdemucs.files import read_json

T = TypeVar("T")

CURE = "run `dvc repro resolve`, which writes it from params.yaml"


def load(path: Path, kind: type[T]) -> T:
    """The configuration in a file of configs/.

    Raises:
        UserError: the file is missing or damaged, or does not hold a `kind`.
    """
    return validated(read_json(path, CURE), kind, str(path))


def validated(content: Any, kind: type[T], where: str) -> T:
    """`content` as a `kind`; JSON's types are the only ones that count.

    Raises:
        UserError: naming the first key at fault under `where`, its value and what it must be.
    """
    hashable: Any = kind
    try:
        return adapter(hashable).validate_json(json.dumps(content))
    except ValidationError as error:
        raise refusal(error, where) from error


@cache
def adapter(kind: Any) -> Any:
    """Building one costs more than using it."""
    return TypeAdapter(kind)


def refusal(error: ValidationError, where: str) -> UserError:
    """The first of pydantic's complaints, in one line."""
    first = error.errors(include_url=False)[0]
    key = ".".join([where, *(str(part) for part in first["loc"])])
    match first["type"]:
        case "missing":
            return UserError(key, "is missing", "give it a value")
        case "unexpected_keyword_argument" | "extra_forbidden":
            return UserError(key, "is no known parameter", "correct or remove it")
        case "unknown_kind":
            told = first["ctx"]
            return UserError(f"{key}.kind={told['kind']}", told["problem"], told["cure"])
        case _:
            problem = f"is {first['input']!r}: {first['msg']}"
            return UserError(key, problem, "correct the value")
