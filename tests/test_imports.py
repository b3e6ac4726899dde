"""What the program imports is what pyproject.toml says it needs."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWN = {"hdemucs", "stages"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def canonical(name):
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def packages(text):
    """The packages that a module's absolute imports name, wherever they stand in it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def unlisted(texts, listed):
    """Imported packages that no listed distribution provides."""
    provided = packages_distributions()
    imported = {name for text in texts for name in packages(text)}
    outside = imported - OWN - set(sys.stdlib_module_names)
    return {name for name in outside if not {*map(canonical, provided.get(name, []))} & listed}


def test_every_import_is_of_a_listed_dependency():
    names = (re.match(r"[\w.-]+", dependency)[0] for dependency in PROJECT["dependencies"])
    files = [path for name in OWN for path in (ROOT / name).rglob("*.py")]
    assert len(files) > 100
    assert unlisted((path.read_text() for path in files), {*map(canonical, names)}) == set()


def test_an_import_inside_a_function_counts():
    text = "import os\nfrom hdemucs import errors\ndef late():\n    from pytest import mark\n"
    assert unlisted([text], {"numpy"}) == {"pytest"}
    assert unlisted([text], {"pytest"}) == set()
