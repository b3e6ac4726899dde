"""Listening tests: serve one, a session as one file, analyse the answers."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.config.listening import RatingsConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.listening.analysis.analyse import analyse
from hdemucs.listening.analysis.whole import TestSet, read_means
from hdemucs.listening.serve.server import serve
from hdemucs.listening.serve.standalone import standalone

SETS, ANSWERS = Path("reports/listening"), Path("reports/answers")


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(metavar="ACT", required=True)
    serving = acts.add_parser("serve", help="the page, and a safe place for its answers")
    serving.add_argument("--sets", type=Path, default=SETS)
    serving.add_argument("--answers", type=Path, default=ANSWERS)
    serving.add_argument("--host", default="127.0.0.1", help="0.0.0.0: anyone on the network")
    serving.add_argument("--port", type=int, default=8000)
    serving.set_defaults(act=serves)
    alone = acts.add_parser("standalone", help="one session as one file that needs no server")
    alone.add_argument("session", help="its name, as in reports/listening/sessions")
    alone.add_argument("file", type=Path, help="the HTML file to write")
    alone.add_argument("--sets", type=Path, default=SETS)
    alone.set_defaults(act=packs)
    analysis = acts.add_parser("analyse", help="answers to tables and figures")
    analysis.add_argument("answers", type=Path, nargs="?", default=ANSWERS)
    analysis.add_argument("--out", type=Path, default=Path("reports/ratings"))
    analysis.add_argument("--key", type=Path, default=Path("private/listening/key.csv"))
    analysis.set_defaults(act=analyses)


def run(options: argparse.Namespace) -> None:
    options.act(options)


def serves(options: argparse.Namespace) -> None:
    serve(options.sets, options.answers, options.host, options.port)


def packs(options: argparse.Namespace) -> None:
    standalone(options.sets, options.session, options.file)
    print(f"{options.session} -> {options.file}")


def analyses(options: argparse.Namespace) -> None:
    config = load(Path("configs/ratings.json"), RatingsConfig)
    manifest = Path("data/manifest.json")
    data = load_manifest(manifest).name if manifest.exists() else "unknown data"
    test = TestSet(data, read_means(Path("reports/scores"), config.systems))
    print(analyse(config, options.answers, options.key, options.out, test))
