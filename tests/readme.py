"""What is generated beside the code: hdemucs/MAP.md, and README's table of claims.

`python -m tests.readme` writes both; a test holds them to the files and to the committed results.
"""

import ast
import csv
import subprocess
from itertools import groupby
from pathlib import Path

from hdemucs.config.load import validated
from hdemucs.models.family import skeleton
from hdemucs.registry import part
from hdemucs.report.published import published
from hdemucs.studies.definition import read_study
from hdemucs.study.effective import read, trainings
from hdemucs.study.params import read_params

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


def committed(table):
    """The rows of a table under reports/ as it is committed; none if it is not."""
    asked = ["git", "show", f"HEAD:reports/{table}.csv"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return list(csv.DictReader(said.splitlines()))


def claims():
    """The claims that the committed study decides: the paper's difference beside ours."""
    lines = ["| claim | paper, dB | ours, dB | evidence |", "| --- | ---: | --- | --- |"]
    table = committed("studies/claims/tables/claims")
    decided = [row for row in table if row["Evidence"] != "undecided"]
    for row in decided:
        ours = next(row[column] for column in row if column.startswith("Our "))
        evidence, paper = row["Evidence"], row["Paper's Δ, dB"] or "\N{EN DASH}"
        lines.append(f"| {row['Claim']} | {paper} | {ours} | {evidence} |")
    count = len(table) - len(decided)
    lines.append(f"| {count} of the {len(table)} claims that are tested | | | undecided |")
    return "\n".join(lines) + "\n"


def systems():
    """The trained variants of the study of systems: at the paper's scale, and what ours scored."""
    table = committed("studies/systems/tables/systems")
    ours = {row["System"]: f"{float(row['All']):.2f}" for row in table}
    params, known = read_params(ROOT / "params.yaml"), published()
    study = read_study(ROOT / "reports/studies/systems/study.yaml")
    whole = trainings(read({**params, "scale": "paper"}), "paper")
    lines = [
        "| system | parameters | recipe at the paper's scale | published SDR, dB | data "
        "| small, here |",
        "| --- | ---: | --- | ---: | --- | ---: |",
    ]
    for name in study.variants:
        row = params["variants"][name]["row"]
        if "family" not in params["variants"][name]:
            continue  # a bag or blend trains nothing of its own
        members = list(whole.of(name).values())
        rows = [known[key] for key in row.get("published", ())]
        scores = " / ".join(f"{one.scores['all']:.2f}" for one in rows) or "\N{EN DASH}"
        data = " / ".join(dict.fromkeys(one.data for one in rows)) or "\N{EN DASH}"
        what = f"{row['label']} | {size(members)} | {recipe(members[0])}"
        here = ours.get(row["label"], "\N{EN DASH}")
        lines.append(f"| {what} | {scores} | {data} | {here} |")
    return "\n".join(lines) + "\n"


def size(members):
    """Parameters, a network of the members each: `4 x 8,893,348` where they are alike."""
    counts = []
    for config in members:
        family = part("model", config["model"]["kind"])
        model = skeleton(validated(config["model"], family.config, "model"))
        counts.append(sum(p.numel() for p in model.parameters()))
    alike = f"{len(counts)} x {counts[0]:,}" if len(counts) > 1 else f"{counts[0]:,}"
    return alike if len(set(counts)) == 1 else " + ".join(f"{count:,}" for count in counts)


def recipe(config):
    """Objective, rate, schedule, batch, segment and epochs in a few words."""
    training = config["training"]
    schedule = training["schedule"]["kind"]
    return ", ".join(
        [
            training["objective"]["kind"].replace("_", " "),
            f"rate {training['optimiser']['learning_rate']:g}"
            + ("" if schedule == "constant" else f" ({schedule.replace('_', ' ')})"),
            f"batch {training['batch']} x {training['segment']:g} s",
            f"{training['epochs']} epochs",
        ]
    )


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
    filled("systems", systems())
