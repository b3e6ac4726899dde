"""Anyone's estimates against their references, in MUSDB18's layout, by all metrics."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from hdemucs.config.evaluation import EvaluationConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.datasets.place import where
from hdemucs.evaluation.aggregation import summary
from hdemucs.evaluation.folders import score_folder
from hdemucs.evaluation.systems import SUBSET, System
from hdemucs.metrics.museval_json import save
from hdemucs.runs.workspace import Workspace
from hdemucs.workers import jobs


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("estimates", type=Path, help="<estimates>/[test/]<track>/<source>.wav")
    parser.add_argument("--references", type=Path, help="the songs; the study's data if absent")
    parser.add_argument("--out", type=Path, help="folder of museval JSON; <estimates>-scores")
    parser.add_argument("--metrics", choices=["sdr", "all"], help="all: ISR, SIR and SAR as well")
    parser.add_argument("--backend", choices=["own", "museval"], help="museval: the original")


def data_root() -> Path:
    """Where the study's songs are."""
    manifest = load_manifest(Path("data/manifest.json"))
    return where(manifest.name, Workspace(Path.cwd()).home)


def run(args: argparse.Namespace) -> None:
    config = load(Path("configs/evaluate.json"), EvaluationConfig).metrics
    asked = {key: getattr(args, key) for key in ("metrics", "backend") if getattr(args, key)}
    manifest = load_manifest(Path("data/manifest.json"))
    references = args.references or data_root()
    tracks = score_folder(
        references, args.estimates, manifest.sources, replace(config, **asked), jobs()
    )
    out = args.out or args.estimates.with_name(f"{args.estimates.name}-scores")
    for track in tracks:
        save(track, out / SUBSET / f"{track.track}.json")
    numbers = summary(System(args.estimates.name, tuple(tracks), None))
    for metric, values in numbers.items():
        shown = "  ".join(f"{s} {'-' if v is None else f'{v:.2f}'}" for s, v in values.items())
        print(f"{metric:8} {shown}")
    print(f"{len(tracks)} tracks -> {out}")
