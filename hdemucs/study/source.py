"""The project's files as they are now: what each imports, names and means."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from hdemucs.errors import UserError
from hdemucs.meaning import meaning, parsed
from hdemucs.registry import FILE

PACKAGES = ("hdemucs", "stages")
FILE_NAME = re.compile(r"\w[\w.-]{0,80}(/\w[\w.-]{0,80}){0,4}")  # a relative path without `..`


class Mentions(NamedTuple):
    """The names in a module's text that may refer to files."""

    modules: tuple[str, ...]  # modules of the project that it may import
    names: tuple[str, ...]  # texts that may be names of files


@dataclass(frozen=True)
class Source:
    """The packages of a checkout, read once."""

    root: Path

    @cached_property
    def files(self) -> dict[str, Path]:
        """Every file of the packages by its path relative to the root, without compiled ones."""
        found = (path for name in PACKAGES for path in (self.root / name).rglob("*"))
        names = {path.relative_to(self.root).as_posix(): path for path in found if path.is_file()}
        return {name: path for name, path in sorted(names.items()) if "__pycache__" not in name}

    @cached_property
    def data(self) -> dict[str, list[str]]:
        """Files that are not Python, by their own paths, and by each folder around them that is no
        package.

        The registry's file is left out: configurations choose from its modules.
        """
        found: dict[str, list[str]] = {}
        for name in self.files:
            if name.endswith(".py") or name == f"{PACKAGES[0]}/{FILE.name}":
                continue
            found[name] = [name]
            for folder in Path(name).parents:
                if f"{folder}/__init__.py" in self.files or folder == Path():
                    break
                found.setdefault(folder.as_posix(), []).append(name)
        return found

    def digests(self, entries: tuple[str, ...], without: tuple[str, ...] = ()) -> dict[str, str]:
        """Digest every file that a program's entries reach; by path.

        `without` are modules and packages whose imports are not followed.

        Raises:
            UserError: an entry is missing, or a file is not valid Python.
        """
        for entry in entries:
            if self.located(entry) is None:
                place = self.root / entry.replace(".", "/")
                raise UserError(place, "is missing", "run from the project's root")
        found: set[str] = set()
        waiting = list(entries)
        while waiting:
            module = waiting.pop()
            name = self.located(module)
            left_out = any(f"{module}.".startswith(f"{other}.") for other in without)
            if name is None or name in found or left_out:
                continue
            mentions = self.mentions(name, module)
            found |= {name, *self.named(name, mentions.names)}
            waiting += [*parents(module), *mentions.modules]
        return {name: meaning(self.files[name]) for name in sorted(found)}

    def located(self, module: str) -> str | None:
        """The file of a module; None if there is none."""
        place = module.replace(".", "/")
        return next((n for n in (f"{place}.py", f"{place}/__init__.py") if n in self.files), None)

    def mentions(self, name: str, module: str) -> Mentions:
        path = self.files[name]
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        return mentions(path, path.read_bytes(), package)

    def named(self, name: str, names: tuple[str, ...]) -> Iterator[str]:
        """The files that names in a module refer to, in its folder or in its package above."""
        for folder in Path(name).parents[:-1]:
            for each in names:
                yield from self.data.get(f"{folder}/{each}", ())


@cache
def mentions(path: Path, content: bytes, package: str) -> Mentions:
    """Names in a module of a package; imports count wherever they are in the text."""
    modules: dict[str, None] = {}
    names: dict[str, None] = {}
    for node in ast.walk(parsed(path, content)):
        match node:
            case ast.Import(names=aliases):
                modules |= dict.fromkeys(alias.name for alias in aliases)
            case ast.ImportFrom(module=origin, names=aliases, level=level):
                base = absolute(package, origin, level)
                modules |= dict.fromkeys([base, *(f"{base}.{alias.name}" for alias in aliases)])
            case ast.Constant(value=str() as text) if FILE_NAME.fullmatch(text):
                names[text] = None
            case _:
                pass
    ours = tuple(module for module in modules if module.split(".")[0] in PACKAGES)
    return Mentions(ours, tuple(names))


def absolute(package: str, origin: str | None, level: int) -> str:
    """The module that `from <level dots><origin> import` names inside a package."""
    parts = package.split(".")
    above = parts[: len(parts) - level + 1] if level else []
    return ".".join([*above, *([origin] if origin else [])])


def parents(module: str) -> Iterator[str]:
    """a.b.c -> a.b, a: importing a module runs its packages first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module
