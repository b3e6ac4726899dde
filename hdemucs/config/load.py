"""Read configurations from the JSON files that `resolve` writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from hdemucs.errors import UserError
from hdemucs.files import read_json

T = TypeVar("T")

LARGEST = (1 << 53) - 1  # largest integer up to which a 64-bit float holds all
FLOATS = 10**300  # below the largest 64-bit float

CURE = "run `dvc repro resolve`, which writes it from params.yaml"


def load(path: Path, kind: type[T]) -> T:
    """Read the configuration in a file of configs/.

    Raises:
        UserError: the file is missing or damaged, or does not hold a `kind`.
    """
    return validated(read_json(path, CURE), kind, str(path))


def validated(content: Any, kind: type[T], where: str) -> T:
    """Check `content` and convert it to a `kind`; only JSON's types are accepted.

    Raises:
        UserError: the first wrong key under `where`, its value and what it must be.
    """
    hashable: Any = kind
    try:
        text = json.dumps(content, default=str)  # YAML has dates, which no parameter is
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"holds what no parameter can be ({error})"
        raise UserError(where, problem, "write plain keys, numbers, texts and lists") from error
    too_large(content, where)
    try:
        return adapter(hashable).validate_json(text)
    except ValidationError as error:
        raise refusal(error, where) from error


def too_large(content: Any, where: str) -> None:
    """Refuse whole numbers that are not exact in every JSON reader (RFC 8259, 6): they are typing
    errors.

    Raises:
        UserError: the key of the first one.
    """
    match content:
        case int() if abs(content) > LARGEST:
            problem = f"is {content:.3g}" if abs(content) < FLOATS else "has more than 300 digits"
            raise UserError(where, f"{problem}: too large", "correct the value")
        case dict():
            for key, value in content.items():
                too_large(value, f"{where}.{key}")
        case list() | tuple():
            for value in content:
                too_large(value, where)


@cache
def adapter(kind: Any) -> Any:
    """Pydantic's adapter for a type, kept because making one costs more than using it."""
    return TypeAdapter(kind)


def refusal(error: ValidationError, where: str) -> UserError:
    """The first of pydantic's complaints, as an error of one line."""
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
