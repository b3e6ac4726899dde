"""Score any estimates against their references, in MUSDB18's layout, by all metrics."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hdemucs.config.evaluation import EvaluationConfig, MetricsConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import Manifest, load_manifest
from hdemucs.datasets.place import where
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import summary
from hdemucs.evaluation.folders import covered, score_folder, sources_in
from hdemucs.evaluation.systems import System, save_tracks
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs

STUDY, MANIFEST = Path("configs/evaluate.json"), Path("data/manifest.json")
# BSSEval v4 as in published numbers: frames of 1 s, filters of 512 taps.
PUBLISHED = MetricsConfig(window=1.0, hop=1.0, metrics="all", filter_length=512, backend="own")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("estimates", type=Path, help="<estimates>/[test/]<track>/<source>.wav")
    parser.add_argument(
        "--references", type=Path, help="folder of the songs; default: the study's data"
    )
    parser.add_argument(
        "--sources", nargs="+", help="names of the stems; default: those of the references"
    )
    parser.add_argument(
        "--out", type=Path, help="folder for museval's JSON; default: <estimates>-scores"
    )
    parser.add_argument("--partial", action="store_true", help="score even if tracks are missing")
    parser.add_argument("--metrics", choices=["sdr", "all"], help="all: also ISR, SIR and SAR")
    parser.add_argument(
        "--backend", choices=["own", "museval"], help="museval: the original package"
    )


def run(args: argparse.Namespace) -> None:
    """Outside a study, --references gives the songs' folder, and PUBLISHED is used."""
    config = load(STUDY, EvaluationConfig).metrics if STUDY.exists() else PUBLISHED
    asked = {key: getattr(args, key) for key in ("metrics", "backend") if getattr(args, key)}
    references = args.references or data_root()
    coverage = covered(references, args.estimates, partial=args.partial)
    sources = args.sources or stems(references, args.references is None)
    tracks = score_folder(coverage, sources, replace(config, **asked), jobs())
    out = args.out or args.estimates.with_name(f"{args.estimates.name}-scores")
    save_tracks(out, tracks)
    numbers = summary(System(args.estimates.name, tuple(tracks), None))
    for metric, values in numbers.items():
        shown = "  ".join(f"{s} {'-' if v is None else f'{v:.2f}'}" for s, v in values.items())
        print(f"{metric:8} {shown}")
    print(f"{coverage.said} -> {out}")


def data_root() -> Path:
    """The folder of the study's songs."""
    return where(study_data().name, Workspace(Path.cwd()).home)


def stems(references: Path, ours: bool) -> Sequence[str]:  # noqa: FBT001
    """The study's sources in order, or those that the references have."""
    return study_data().sources if ours else sources_in(references)


def study_data() -> Manifest:
    """The manifest of the study's data.

    Raises:
        UserError: this is not a study, or its data are not fetched yet.
    """
    if not MANIFEST.exists():
        cure = "name the songs with --references FOLDER, or run it in a checkout of a study"
        raise UserError(MANIFEST, "is not here", cure)
    return load_manifest(MANIFEST)
