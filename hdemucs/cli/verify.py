"""Recompute the whole report from the stored scores; with --models, the scores from the models.

Pages, all tables and figures are compared byte for byte, and so are the summaries of scores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hdemucs.cli.score import data_root
from hdemucs.config.data import FetchConfig
from hdemucs.config.estimation import EstimationConfig
from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.config.report import ReportConfig
from hdemucs.data.manifest import load_manifest
from hdemucs.evaluation.separated import Keep, score_separated
from hdemucs.evaluation.systems import load_system
from hdemucs.models.published import load_published
from hdemucs.report.build import Places, build_all
from hdemucs.report.verify import (
    drawn_alike,
    report_differences,
    score_differences,
    summary_differences,
)
from hdemucs.runs.workspace import Workspace
from hdemucs.separation.testset import separator
from hdemucs.workers import jobs


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", action="store_true", help="separate and score again, too")


def run(args: argparse.Namespace) -> None:
    """Print every difference in one line; exit with status 1 if there is any."""
    reports = Path("reports")
    config = load(Path("configs/report.json"), ReportConfig)
    manifest = load_manifest(Path("data/manifest.json"))
    residual = load(Path("configs/fetch.json"), FetchConfig).residual
    places = Places.of(reports)
    found = report_differences(
        lambda out: build_all(config, places, manifest, residual, out), reports
    )
    print(f"pages, tables and figures from scores: {verdict(found)}")
    if not drawn_alike(reports):
        print("figures: drawn by another version of Matplotlib, so only looked for")
    summaries = [line for name in scored(places) for line in summary_differences(name)]
    print(f"summaries from scores: {verdict(summaries)}")
    found += summaries
    if args.models:
        for name, lines in rescored(Workspace(Path.cwd()), scored(places)):
            print(f"scores of {name} from its model: {verdict(lines)}")
            found += lines
    if found:
        sys.exit("\n".join(found))


def scored(places: Places) -> list[Path]:
    """The folders of the study's own systems."""
    return sorted(path.parent for path in places.scores.glob("*/system.json"))


def verdict(lines: list[str]) -> str:
    return f"{len(lines)} differences" if lines else "the same"


def rescored(here: Workspace, folders: list[Path]) -> Iterator[tuple[str, list[str]]]:
    """Each scored system whose models are here, and the differences after scoring it again."""
    manifest, root = load_manifest(here.manifest), data_root()
    metrics = load(Path("configs/evaluate.json"), EvaluationConfig).metrics
    for name in (folder.name for folder in folders):
        if not (Path("models") / name).is_dir():
            continue
        how = load(Path(f"configs/separation/{name}.json"), EstimationConfig)
        ensemble = load_published(Path("models") / name).ensemble
        separate = separator(ensemble, manifest.sample_rate, how)
        with tempfile.TemporaryDirectory() as scratch:
            pictures = Path(scratch) / name / "spectrograms.png"
            fresh = score_separated(manifest, root, separate, metrics, Keep(pictures), jobs())
        stored = load_system(Path("reports/scores") / name).tracks
        yield name, score_differences(name, stored, fresh)
