"""Run benchmarks; each measures one thing here and writes its page to reports/benchmarks/."""

from __future__ import annotations

import argparse

from hdemucs.benchmarks.pages import BENCHMARKS


def arguments(parser: argparse.ArgumentParser) -> None:
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for one in BENCHMARKS.values():
        about = f"{one.about} ({one.cost} of one core)"
        one.arguments(names.add_parser(one.name, help=about, description=about))
    names.add_parser("all", help="every page, one after the other, with its own defaults")


def run(args: argparse.Namespace) -> None:
    """Write one page, or all of them."""
    if args.name != "all":
        BENCHMARKS[args.name].make(args)
        print(BENCHMARKS[args.name].page)
        return
    for one in BENCHMARKS.values():
        own = argparse.ArgumentParser()
        one.arguments(own)
        one.make(own.parse_args([]))
        print(one.page)
