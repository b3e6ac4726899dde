"""The README's tree: every module and what its docstring's first line says of it.

`python -m tests.readme` writes it anew between its marks; a test holds the README to it.
"""

import ast
import subprocess
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
START, END = "<!-- tree -->\n", "<!-- /tree -->\n"


def modules():
    """Paths of all modules and page files that git knows, tests left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "stages", "hdemucs"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sorted(ROOT / line for line in listed.splitlines() if line.endswith(".py"))


def first_line(path):
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return text.splitlines()[0].rstrip(".") if text else ""


def tree():
    """One folded list a package."""
    out = []
    for folder, paths in groupby(modules(), key=lambda path: path.parent):
        files = list(paths)
        packages = [path for path in files if path.name == "__init__.py"]
        about = first_line(packages[0]) if packages else ""
        name = folder.relative_to(ROOT).as_posix()
        out += [f"<details><summary><code>{name}/</code> {about}</summary>", ""]
        out += [f"- `{p.name}`: {first_line(p)}" for p in files if p.name != "__init__.py"]
        out += ["", "</details>", ""]
    return "\n".join(out) + "\n"


def parts():
    """What stands before, between and after the marks."""
    before, rest = README.read_text().split(START)
    between, after = rest.split(END)
    return before, between, after


if __name__ == "__main__":
    before, _, after = parts()
    README.write_text(before + START + tree() + END + after)
