"""Listening tests: serve one, a session as one file, analyse the answers."""

from __future__ import annotations

import argparse
from pathlib import Path

from hdemucs.config.listening import RatingsConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.listening.analysis.analyse import analyse
from hdemucs.listening.analysis.whole import TestSet, read_means
from hdemucs.listening.serve.app import Settings
from hdemucs.listening.serve.server import Address, serve
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import load_texts, merged, texts

SETS, ANSWERS = Path("reports/listening"), Path("reports/answers")


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(metavar="ACT", required=True)
    serving = acts.add_parser("serve", help="the page, and a safe place for its answers")
    serving.add_argument("--sets", type=Path, default=SETS, help="the folder of the test")
    serving.add_argument("--answers", type=Path, default=ANSWERS)
    serving.add_argument("--host", default="127.0.0.1", help="0.0.0.0 or ::: anyone on the network")
    serving.add_argument("--port", type=int, default=8000)
    serving.add_argument(
        "--origin", action="append", default=[], metavar="URL",
        help="behind a reverse proxy: the address that listeners open, as https://example.org",
    )  # fmt: skip
    serving.add_argument("--attention", action="store_true", help="check that listeners read")
    serving.add_argument("--code", help="completion code, shown once answers are stored")
    serving.add_argument(
        "--redirect", metavar="URL", help="the way back then; {listener}: the code"
    )
    serving.add_argument("--language", default="en", help="of the page, as ?lang=: en or de")
    serving.add_argument("--texts", type=Path, help="JSON: own words for any of the page's texts")
    serving.set_defaults(act=serves)
    alone = acts.add_parser("standalone", help="one session as one file that needs no server")
    alone.add_argument("session", help="its name, as in reports/listening/sessions")
    alone.add_argument("file", type=Path, help="the HTML file to write")
    alone.add_argument("--sets", type=Path, default=SETS)
    alone.add_argument("--language", default="en", help="of the page: en or de")
    alone.add_argument("--texts", type=Path, help="JSON: own words for any of the page's texts")
    alone.set_defaults(act=packs)
    analysis = acts.add_parser("analyse", help="answers to tables and figures")
    analysis.add_argument("answers", type=Path, nargs="?", default=ANSWERS)
    analysis.add_argument("--out", type=Path, default=Path("reports/ratings"))
    analysis.add_argument("--key", type=Path, default=Path("private/listening/key.csv"))
    analysis.set_defaults(act=analyses)


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


def analyses(options: argparse.Namespace) -> None:
    config = load(Path("configs/ratings.json"), RatingsConfig)
    manifest = Path("data/manifest.json")
    data = load_manifest(manifest).name if manifest.exists() else "unknown data"
    test = TestSet(data, read_means(Path("reports/scores"), config.systems))
    print(analyse(config, options.answers, options.key, options.out, test))
