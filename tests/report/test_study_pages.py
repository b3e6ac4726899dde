"""The pages of a committed study, from what is committed of it."""

import csv
import json
from dataclasses import asdict, replace

import pytest

from hdemucs.studies.definition import CpuTime, Steps, StudyConfig
from hdemucs.studies.page import write_pages

from .conftest import CONFIG, MODELS

PLAN = StudyConfig(
    title="A study", scale="quick", changes={}, variants=tuple(MODELS), seeds=(),
    budget=CpuTime(kind="cpu_time", seconds=20.0, epochs=2), shows=("systems",),
    says="What it says.", reasons={"hybrid": "too few steps"},
)  # fmt: skip


@pytest.fixture
def committed(study, tmp_path):
    """What a study leaves: scores, runs, times, the report's configuration."""
    steps = {name: {"seconds_per_step": 0.5, "steps_per_epoch": 10, "of": ""} for name in MODELS}
    out = tmp_path / "out"
    for part in ("scores", "oracles", "curves", "runs"):
        (out / part).parent.mkdir(exist_ok=True)
        (out / part).symlink_to(study / part)
    (out / "steps.json").write_text(json.dumps({"seconds": 20.0, "systems": steps}))
    scored = tuple(row for row in CONFIG.rows if row.name in MODELS)
    report = json.dumps(asdict(replace(CONFIG, rows=scored)))
    (out / "report.json").write_text(report)
    return out


def test_pages_follow_from_what_is_committed(committed):
    """Twice the same bytes; every system with its steps; who stays below the filter is named."""
    pages = []
    for _ in range(2):
        write_pages("systems", PLAN, committed)
        pages.append((committed / "README.md").read_text())
    assert pages[0] == pages[1]
    with (committed / "tables/systems.csv").open() as file:
        table = list(csv.DictReader(file))
    labels = [row.label for row in CONFIG.rows if row.name in MODELS]
    for label in labels:
        [line] = [line for line in pages[0].splitlines() if line.startswith(f"| {label} |")]
        assert "| 0.500 |" in line
    below = {
        line["System"]
        for line in table
        if line["Over the static filter"].startswith("\N{MINUS SIGN}")
    }
    for label in labels:
        assert (f"- **{label}** stays below" in pages[0]) == (label in below)
    assert (committed / "index.html").exists()


def test_a_study_of_claims_leads_with_them(committed):
    """Its systems had the same steps, so they have trainings instead of times."""
    (committed / "steps.json").unlink()
    alike = Steps(kind="steps", steps=10, epochs=2)
    write_pages("claims", replace(PLAN, budget=alike, shows=("claims", "systems")), committed)
    page = (committed / "README.md").read_text()
    assert page.index("## The paper's claims") < page.index("## Systems")
    assert "| Trainings |" in page and "| s a step |" not in page
