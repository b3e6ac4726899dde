"""Listening tests: plan one, serve it, analyse and archive its answers."""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hdemucs.bounded import real, whole
from hdemucs.cli import hold_study
from hdemucs.config.listening import ListeningConfig, RatingsConfig
from hdemucs.config.load import load
from hdemucs.data.manifest import load_manifest
from hdemucs.errors import UserError
from hdemucs.listening.analysis.analyse import Listened, analyse
from hdemucs.listening.analysis.archive import Citation, archive, save
from hdemucs.listening.analysis.plan_page import Wanted, plan_of, plan_text
from hdemucs.listening.analysis.planning import ASSUMED, pilot
from hdemucs.listening.analysis.whole import TestSet, read_means
from hdemucs.listening.answers.read import read_with_key
from hdemucs.listening.excerpts import load_excerpts
from hdemucs.listening.key import REBUILD
from hdemucs.listening.secret import NAME, draw_secret
from hdemucs.listening.serve.app import Settings
from hdemucs.listening.serve.server import Address, serve
from hdemucs.listening.serve.standalone import standalone
from hdemucs.listening.serve.texts import load_texts, merged, texts
from hdemucs.listening.session_list import hold_blind, load_session_list

SETS, ANSWERS = Path("reports/listening"), Path("reports/answers")
KEYS = Path("private/listening")  # the secret is here as well
POINTS = real(0.01, 100)  # on a scale from 0 to 100
PORT = whole(0, 65_535)  # 0: any free port


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(metavar="ACT", required=True)
    for add in (add_plan, add_secret, add_serve, add_standalone, add_analyse, add_archive):
        add(acts)


def add_plan(acts: Any) -> None:
    parser = acts.add_parser("plan", help="how many listeners a test needs")
    parser.add_argument("--set", choices=["mos", "mushra"], default="mos", dest="kind")
    width = "wanted half-width of the interval of a system's mean"
    parser.add_argument("--half-width", type=POINTS, metavar="POINTS", help=width)
    found = "difference of two systems that is to be found"
    parser.add_argument("--difference", type=POINTS, metavar="POINTS", help=found)
    parser.add_argument("--pilot", type=Path, help="variance.csv of a pilot's ratings")
    parser.add_argument("--attribute", choices=["quality", "contamination"], default="quality")
    parser.set_defaults(act=plans)


def add_secret(acts: Any) -> None:
    about = "for a real test: draw the secret of blind names, and build the sets again with it"
    acts.add_parser("secret", help=about).set_defaults(act=draws)


def add_serve(acts: Any) -> None:
    parser = acts.add_parser("serve", help="serve the page of the test, and store its answers")
    parser.add_argument("--sets", type=Path, default=SETS, help="the folder of the test")
    parser.add_argument("--answers", type=Path, default=ANSWERS)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 or ::: anyone on the network")
    parser.add_argument("--port", type=PORT, default=8000)
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL",
        help="behind a reverse proxy: the address that listeners open, as https://example.org",
    )  # fmt: skip
    parser.add_argument("--attention", action="store_true", help="add attention checks")
    parser.add_argument("--code", help="completion code, shown once answers are stored")
    parser.add_argument(
        "--redirect", metavar="URL", help="link shown then; {listener} is replaced by the code"
    )
    add_rehearsal(parser)
    add_texts(parser)
    parser.set_defaults(act=serves)


def add_rehearsal(parser: argparse.ArgumentParser) -> None:
    about = "accept a trial set, whose blind names follow from the study's seed"
    parser.add_argument("--rehearsal", action="store_true", help=about)


def add_texts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", default="en", help="language of the page: en or de")
    parser.add_argument("--texts", type=Path, help="JSON file with other texts for the page")


def add_standalone(acts: Any) -> None:
    parser = acts.add_parser("standalone", help="one session as one file that needs no server")
    parser.add_argument("session", help="its name, as in reports/listening/sessions.json")
    parser.add_argument("file", type=Path, help="the HTML file to write")
    parser.add_argument("--sets", type=Path, default=SETS)
    add_rehearsal(parser)
    add_texts(parser)
    parser.set_defaults(act=packs)


def add_answers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("answers", type=Path, nargs="?", default=ANSWERS)
    parser.add_argument("--sets", type=Path, default=SETS, help="the folder of the test")
    parser.add_argument("--keys", type=Path, default=KEYS, help="the folder of its key")


def add_analyse(acts: Any) -> None:
    parser = acts.add_parser("analyse", help="make tables and figures from the answers")
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


def draws(_options: argparse.Namespace) -> None:
    """Draw a secret and render the sets again with it; an existing secret is kept."""
    hold_study("listen secret", Path.cwd())
    drawn = draw_secret(KEYS)
    state = "drawn" if drawn else "was there already and stays"
    print(f"{KEYS / NAME}: {state}; back up {KEYS}/, it is in no commit and no push", flush=True)
    done = subprocess.run([sys.executable, "-m", *REBUILD.split()], check=False)
    if done.returncode:
        problem = f"were not built with the secret: `{REBUILD}` ended with an error"
        cure = "run `dvc repro separate excerpts`, or `dvc pull`, then this again"
        raise UserError(SETS, problem, cure)
    hold_blind(SETS, load_session_list(SETS), rehearsal=False)
    print(f"{SETS}: names follow from the secret now; commit dvc.lock, then `hdemucs listen serve`")


def serves(options: argparse.Namespace) -> None:
    texts(options.language)
    settings = Settings(
        origins=tuple(origin.rstrip("/") for origin in options.origin),
        attention=options.attention,
        language=options.language,
        texts=load_texts(options.texts) if options.texts else {},
        code=options.code,
        redirect=options.redirect,
        rehearsal=options.rehearsal,
    )
    serve(options.sets, options.answers, Address(options.host, options.port), settings)


def packs(options: argparse.Namespace) -> None:
    own = load_texts(options.texts) if options.texts else {}
    said = merged(texts(options.language), own)
    name, file, rehearsal = options.session, options.file, options.rehearsal
    standalone(options.sets, name, file, said, rehearsal=rehearsal)
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
    given = Listened(options.sets, options.keys)
    print(analyse(config, options.answers, given, options.out, test))


def archives(options: argparse.Namespace) -> None:
    config = load(Path("configs/ratings.json"), RatingsConfig)
    key, found = read_with_key(options.answers, load_session_list(options.sets), options.keys)
    today = datetime.now(tz=UTC).date()
    citation = Citation(options.title, tuple(options.author), options.licence, today)
    files = archive(config, key, options.answers, found, citation)
    save(files, options.out)
    print(f"{len(files)} files in {options.out}")
