"""Listening tests: plan one, serve it, analyse and archive the answers."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hdemucs.bounded import real, whole
from hdemucs.config.listening import ListeningConfig, RatingsConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.listening.analysis.analyse import analyse
from hdemucs.listening.analysis.archive import Citation, archive, save
from hdemucs.listening.analysis.plan_page import Wanted, plan_of, plan_text
from hdemucs.listening.analysis.planning import ASSUMED, pilot
from hdemucs.listening.analysis.whole import TestSet, read_means
from hdemucs.listening.answers.read import read_answers
from hdemucs.listening.excerpts import load_excerpts
from hdemucs.listening.key import load_key
from hdemucs.listening.serve.app import Settings
from hdemucs.listening.serve.server import Address, serve
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import load_texts, merged, texts

SETS, ANSWERS = Path("reports/listening"), Path("reports/answers")
POINTS = real(0.01, 100)  # of a scale from 0 to 100
PORT = whole(0, 65_535)  # 0: any free one


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(metavar="ACT", required=True)
    for add in (add_plan, add_serve, add_standalone, add_analyse, add_archive):
        add(acts)


def add_plan(acts: Any) -> None:
    parser = acts.add_parser("plan", help="how many listeners a test needs")
    parser.add_argument("--set", choices=["mos", "mushra"], default="mos", dest="kind")
    parser.add_argument("--half-width", type=POINTS, metavar="POINTS", help="of a system's mean")
    parser.add_argument("--difference", type=POINTS, metavar="POINTS", help="that is to be found")
    parser.add_argument("--pilot", type=Path, help="variance.csv of a pilot's ratings")
    parser.add_argument("--attribute", choices=["quality", "contamination"], default="quality")
    parser.set_defaults(act=plans)


def add_serve(acts: Any) -> None:
    parser = acts.add_parser("serve", help="the page, and a safe place for its answers")
    parser.add_argument("--sets", type=Path, default=SETS, help="the folder of the test")
    parser.add_argument("--answers", type=Path, default=ANSWERS)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 or ::: anyone on the network")
    parser.add_argument("--port", type=PORT, default=8000)
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL",
        help="behind a reverse proxy: the address that listeners open, as https://example.org",
    )  # fmt: skip
    parser.add_argument("--attention", action="store_true", help="check that listeners read")
    parser.add_argument("--code", help="completion code, shown once answers are stored")
    parser.add_argument("--redirect", metavar="URL", help="the way back then; {listener}: the code")
    add_texts(parser)
    parser.set_defaults(act=serves)


def add_texts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", default="en", help="of the page: en or de")
    parser.add_argument("--texts", type=Path, help="JSON: own words for any of the page's texts")


def add_standalone(acts: Any) -> None:
    parser = acts.add_parser("standalone", help="one session as one file that needs no server")
    parser.add_argument("session", help="its name, as in reports/listening/sessions.json")
    parser.add_argument("file", type=Path, help="the HTML file to write")
    parser.add_argument("--sets", type=Path, default=SETS)
    add_texts(parser)
    parser.set_defaults(act=packs)


def add_answers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("answers", type=Path, nargs="?", default=ANSWERS)
    parser.add_argument("--key", type=Path, default=Path("private/listening/key.csv"))


def add_analyse(acts: Any) -> None:
    parser = acts.add_parser("analyse", help="answers to tables and figures")
    add_answers(parser)
    parser.add_argument("--out", type=Path, default=Path("reports/ratings"))
    parser.set_defaults(act=analyses)


def add_archive(acts: Any) -> None:
    parser = acts.add_parser("archive", help="anonymised answers in one ZIP file, to publish")
    add_answers(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
    parser.add_argument("--title", default="Ratings of separated music")
    parser.add_argument("--author", action="append", required=True, metavar="'FAMILY, GIVEN'")
    parser.add_argument("--licence", default="CC-BY-4.0", help="SPDX identifier")
    parser.set_defaults(act=archives)


def run(options: argparse.Namespace) -> None:
    options.act(options)


def serves(options: argparse.Namespace) -> None:
    texts(options.language)
    settings = Settings(
        origins=tuple(origin.rstrip("/") for origin in options.origin),
        attention=options.attention,
        language=options.language,
        texts=load_texts(options.texts) if options.texts else {},
        code=options.code,
        redirect=options.redirect,
    )
    serve(options.sets, options.answers, Address(options.host, options.port), settings)


def packs(options: argparse.Namespace) -> None:
    own = load_texts(options.texts) if options.texts else {}
    said = merged(texts(options.language), own)
    standalone(options.sets, options.session, options.file, said)
    print(f"{options.session} -> {options.file}")


def plans(options: argparse.Namespace) -> None:
    config = load(Path("configs/listening.json"), ListeningConfig)
    confidence = load(Path("configs/ratings.json"), RatingsConfig).confidence
    excerpts = load_excerpts(Path("reports/excerpts.json"))
    parts = ASSUMED[options.kind]
    if options.pilot:
        parts = pilot(options.pilot, options.kind, options.attribute)
    test = plan_of(config, options.kind, len(excerpts.excerpts), len(excerpts.sources))
    print(plan_text(test, parts, Wanted(options.half_width, options.difference, confidence)))


def analyses(options: argparse.Namespace) -> None:
    config = load(Path("configs/ratings.json"), RatingsConfig)
    manifest = Path("data/manifest.json")
    data = load_manifest(manifest).name if manifest.exists() else "unknown data"
    test = TestSet(data, read_means(Path("reports/scores"), config.systems))
    print(analyse(config, options.answers, options.key, options.out, test))


def archives(options: argparse.Namespace) -> None:
    config = load(Path("configs/ratings.json"), RatingsConfig)
    key = load_key(options.key)
    found = read_answers(options.answers, key, options.key)
    today = datetime.now(tz=UTC).date()
    citation = Citation(options.title, tuple(options.author), options.licence, today)
    files = archive(config, key, options.answers, found, citation)
    save(files, options.out)
    print(f"{len(files)} files in {options.out}")
