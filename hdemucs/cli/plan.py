"""What would decide the paper's claims that the committed scores leave undecided, and its hours.

One line a claim: so many trainings of each of its two rows, so many test tracks. Hours are those of
the trainings that are not there yet, as long as the shortest of their row took where these scores
were made (machines.csv beside them, which a study that is run here replaces).
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.evaluation.systems import load_systems
from hdemucs.preflight.forecast import duration
from hdemucs.report.build import Places
from hdemucs.report.claims import judged
from hdemucs.report.machines import NAME, load_hours
from hdemucs.report.planning import Proposal, proposals
from hdemucs.report.published import published
from hdemucs.report.results import Results, arranged
from hdemucs.report.runs import load_runs
from hdemucs.studies.definition import project
from hdemucs.studies.run import Study
from hdemucs.study.effective import read, trainings
from hdemucs.study.params import read_params

WIDTH = 80
FORESEES = "`hdemucs preflight --scale {scale} {variants}` foresees them"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", nargs="?", help="of reports/studies/; none: this study's report")


def run(args: argparse.Namespace) -> None:
    """Nothing is written."""
    params = read_params(Path("params.yaml"))
    reports, config = Path("reports"), Path("configs/report.json")
    cure = FORESEES
    if args.study:
        study = Study(Path.cwd(), args.study)
        params = project(params, study.config, {})
        reports = study.out
        config = reports / "report.json"
        cure = f"`hdemucs study {args.study}` notes them as it trains"
    results = scored(load(config, ReportConfig), reports)
    found = judged(results, published())
    asked = trainings(read(params), results.config.scale)
    plans = proposals(results, found, asked.behind, load_hours(reports))
    tested = sum(one.decision is not None for one in found)
    print(f"{len(plans)} of {tested} claims that were tested are undecided")
    for line in lines(plans, results.config.scale, reports / NAME, cure):
        print("\n".join(folded(line)) if sys.stdout.isatty() else line)


def scored(config: ReportConfig, reports: Path) -> Results:
    """The scores of a report.

    Raises:
        UserError: scores are missing, damaged, or not comparable.
    """
    places = Places.of(reports)
    systems = load_systems(places.scores, places.oracles)
    runs = {name: load_runs(places.runs / f"{name}.json") for name in systems}
    return arranged(config, systems, runs)


def lines(plans: Sequence[Proposal], scale: str, machines: Path, cure: str) -> Iterator[str]:
    """One for each claim, and one for hours that nobody knows, with what makes them known."""
    for plan in plans:
        yield f"{plan.claim.claim.name}: {plan.said}{cost(plan)}"
    unknown = sorted({name for plan in plans for name in plan.unknown})
    if unknown:
        names = " ".join(dict.fromkeys(name.partition(".")[0] for name in unknown))
        known = cure.format(scale=scale, variants=names)
        yield f"hours unknown: {machines} has no {', '.join(unknown)}; {known}"


def cost(plan: Proposal) -> str:
    if plan.unknown:
        return "; hours unknown"
    if plan.hours is None:
        return ""
    return f"; from {duration(plan.hours)} of training" if plan.hours else "; no more training"


def folded(line: str) -> list[str]:
    """A line for a terminal."""
    return textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
