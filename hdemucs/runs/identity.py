"""What a training run is: its effective configuration, the code that decides its weights, its data.

Nothing else has a say: not where it runs, not comments, docstrings or layout of the code, not the
code that launches it. So a parameter flipped back finds its finished run, and an old run is never
taken for a new configuration.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError

PACKAGES = ("hdemucs", "stages")
PROGRAM = "hdemucs.training"  # what a job runs
ENTRY = f"{PROGRAM}.__main__"
LETTERS = 16  # of the digest, in a run's name


@dataclass(frozen=True)
class Identity:
    """The digests of what decides the weights of one variant."""

    variant: str
    config: str
    data: str
    code: dict[str, str] = field(hash=False)  # by file, relative to the project
    start: str | None  # of the finished model that training starts from

    @property
    def key(self) -> str:
        return digest([self.config, self.data, sorted(self.code.items()), self.start])[:LETTERS]

    @property
    def run(self) -> str:
        """The name of its run directory."""
        return f"{self.variant}-{self.key}"

    def difference(self, other: Identity) -> str:
        """What of this identity is not so in another one, in words."""
        files = sorted(
            path
            for path in self.code.keys() | other.code.keys()
            if self.code.get(path) != other.code.get(path)
        )
        parts = {
            f"configs/train/{self.variant}.json": self.config != other.config,
            "data/manifest.json": self.data != other.data,
            "the model it starts from": self.start != other.start,
        }
        return ", ".join([*files, *(name for name, differs in parts.items() if differs)])


def digest(content: Any) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys and its layout."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def code_digests(root: Path, entry: str = ENTRY) -> dict[str, str]:
    """The digest of every module that `entry` reaches by imports, by its file's path in `root`."""
    files = sorted(closure(root, entry))
    return {path.relative_to(root).as_posix(): meaning(path, path.read_text()) for path in files}


@cache
def meaning(path: Path, text: str) -> str:
    """SHA-256 of a module's syntax tree: comments, docstrings and layout do not count."""
    tree = parsed(path, text)
    for node in ast.walk(tree):
        match node:
            case (
                ast.Module(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
                | ast.ClassDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
                | ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
                | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
            ):
                node.body = rest
            case _:
                pass
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def parsed(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text, path.name)
    except SyntaxError as error:
        problem = f"line {error.lineno} is no Python ({error.msg})"
        raise UserError(path, problem, "correct it") from error


def closure(root: Path, entry: str = ENTRY) -> set[Path]:
    """The files of the project that importing `entry` can reach, `entry`'s own included.

    Raises:
        UserError: `entry` is not there.
    """
    if located(root, entry) is None:
        raise UserError(root / entry.replace(".", "/"), "is missing", "run from the project's root")
    found: set[Path] = set()
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        path = located(root, module)
        if path is None or path in found:
            continue
        found.add(path)
        waiting += [*parents(module), *imports(path, path.read_text(), module)]
    return found


def located(root: Path, module: str) -> Path | None:
    """The file of a module of the project; None where there is none."""
    place = root / module.replace(".", "/")
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def parents(module: str) -> Iterator[str]:
    """a.b.c -> a.b, a: importing a module runs its packages first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


@cache
def imports(path: Path, text: str, module: str) -> list[str]:
    """Every module of the project that a file's imports may mean, wherever they stand in it."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(parsed(path, text)):
        match node:
            case ast.Import(names=names):
                found += [name.name for name in names]
            case ast.ImportFrom(module=origin, names=names, level=level):
                base = absolute(package, origin, level)
                found += [base, *(f"{base}.{name.name}" for name in names)]
            case _:
                pass
    return [name for name in found if name.split(".")[0] in PACKAGES]


def absolute(package: str, origin: str | None, level: int) -> str:
    """The module that `from <level dots><origin> import` names inside a package."""
    parts = package.split(".")
    above = parts[: len(parts) - level + 1] if level else []
    return ".".join([*above, *([origin] if origin else [])])
