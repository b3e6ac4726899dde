"""What is generated beside the code: hdemucs/MAP.md, and README's table of claims.

`python -m tests.readme` writes both; a test holds them to the files and to the committed results.
"""

import ast
import csv
import subprocess
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAP = ROOT / "hdemucs" / "MAP.md"
README = ROOT / "README.md"
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


def claims():
    """The committed report's claims: the paper's difference beside ours, and the word."""
    asked = ["git", "show", "HEAD:reports/tables/claims.csv"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    lines = ["| claim | paper, dB | ours, dB | evidence |", "| --- | ---: | --- | --- |"]
    for row in csv.DictReader(said.splitlines()):
        ours = next(row[column] for column in row if column.startswith("Our "))
        evidence, paper = row["Evidence"], row["Paper's Δ, dB"] or "\N{EN DASH}"
        lines.append(f"| {row['Claim']} | {paper} | {ours} | {evidence} |")
    return "\n".join(lines) + "\n"


def block(name):
    """What stands between a pair of README's marks."""
    return README.read_text().split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]


def filled(name, text):
    before, rest = README.read_text().split(f"<!-- {name} -->\n")
    after = rest.split(f"<!-- /{name} -->")[1]
    README.write_text(f"{before}<!-- {name} -->\n{text}<!-- /{name} -->{after}")


if __name__ == "__main__":
    MAP.write_text(code_map())
    filled("claims", claims())
