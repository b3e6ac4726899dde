"""The meaning of a code file: a digest that does not depend on comments, docstrings or layout.

Python files are digested by their syntax trees, all others by their bytes. `ast.dump` writes the
same tree differently in Python 3.11, 3.12 and 3.13 (new fields, omitted defaults), so the tree is
written here: every node as its type and its non-empty fields.
"""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from hdemucs.errors import UserError

# The `u` of u"text", and type comments: they have no effect at run time.
IDLE = {"kind", "type_comment", "type_ignores"}


def meaning(path: Path) -> str:
    """SHA-256 of a file's meaning, the same under every Python from 3.11 on.

    Raises:
        UserError: a `.py` file is not valid Python.
    """
    content = path.read_bytes()
    if path.suffix != ".py":
        return hashlib.sha256(content).hexdigest()
    return of_python(path, content)


def of_package(folder: Path) -> str:
    """SHA-256 of the names and the meanings of a package's own modules.

    Raises:
        UserError: a `.py` file is not valid Python.
    """
    found = {path.name: meaning(path) for path in sorted(folder.glob("*.py"))}
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


@cache
def of_python(path: Path, content: bytes) -> str:
    tree = form(parsed(path, content))
    canonical = json.dumps(tree, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def parsed(path: Path, content: bytes) -> ast.Module:
    """Parse a file.

    Raises:
        UserError: the file is not valid Python.
    """
    try:
        return ast.parse(content, path.name)
    except SyntaxError as error:
        problem = f"line {error.lineno} is no Python ({error.msg})"
        raise UserError(path, problem, "correct it") from error


def form(value: Any) -> Any:
    """A node, a list of nodes or a constant, as JSON."""
    match value:
        case ast.Constant(value=constant):
            return ["Constant", type(constant).__name__, repr(constant)]
        case ast.JoinedStr(values=values):
            return ["JoinedStr", [form(part) for part in joined(values)]]
        case ast.AST():
            fields = {name: form(part) for name, part in undocumented(value).items()}
            return [type(value).__name__, {k: v for k, v in fields.items() if v not in (None, [])}]
        case list():
            return [form(part) for part in value]
        case _:
            return value


def undocumented(node: ast.AST) -> dict[str, Any]:
    """A node's fields without its docstring, and without fields that have no effect."""
    fields = {name: part for name, part in ast.iter_fields(node) if name not in IDLE}
    match node:
        case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                    fields["body"] = rest
                case _:
                    pass
        case _:
            pass
    return fields


def joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, with adjacent texts joined, since some versions of Python split
    them.
    """
    parts: list[ast.expr] = []
    for part in values:
        match parts, part:
            case _, ast.Constant(value=""):
                pass
            case [*_, ast.Constant(value=str() as before)], ast.Constant(value=str() as text):
                parts[-1] = ast.Constant(value=before + text)
            case _:
                parts.append(part)
    return parts
