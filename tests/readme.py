"""hdemucs/MAP.md: every module and what its docstring's first line says of it.

`python -m tests.readme` writes it; a test holds it to the files.
"""

import ast
import subprocess
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAP = ROOT / "hdemucs" / "MAP.md"
TITLE = "# Map of the code\n\nWritten by `python -m tests.readme` from the modules' docstrings.\n\n"


def modules():
    """Paths of all modules that git knows, tests left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "stages", "hdemucs"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    paths = (ROOT / line for line in listed.splitlines() if line.endswith(".py"))
    return sorted(path for path in paths if path.exists())


def first_line(path):
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return text.splitlines()[0].rstrip(".") if text else ""


def code_map():
    """One section a package, one line a module."""
    out = [TITLE]
    for folder, paths in groupby(modules(), key=lambda path: path.parent):
        files = list(paths)
        packages = [path for path in files if path.name == "__init__.py"]
        about = first_line(packages[0]) if packages else ""
        name = folder.relative_to(ROOT).as_posix()
        out.append(f"## `{name}/`\n\n{about}\n\n".replace("\n\n\n\n", "\n\n"))
        out += [f"- `{p.name}`: {first_line(p)}\n" for p in files if p.name != "__init__.py"]
        out.append("\n")
    return "".join(out).rstrip("\n") + "\n"


if __name__ == "__main__":
    MAP.write_text(code_map())
