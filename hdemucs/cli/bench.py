"""Run benchmarks; each measures one thing here and writes its page to reports/benchmarks/."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from hdemucs.benchmarks.pages import BENCHMARKS, Benchmark
from hdemucs.cli.parser import Parser


class Later(Parser):
    """A benchmark's options, made when they are wanted: a machine may lack what others import."""

    def __init__(self, one: Benchmark | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.one = one

    def complete(self) -> None:
        if self.one is not None:
            one, self.one = self.one, None
            one.arguments(self)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        self.complete()
        return super().parse_known_args(args, namespace)

    def _get_optional_actions(self) -> list[argparse.Action]:
        """What completions are made of."""
        self.complete()
        return super()._get_optional_actions()

    def options(self) -> Iterable[str]:  # type: ignore[override]
        return () if self.one is not None else super().options()


def arguments(parser: argparse.ArgumentParser) -> None:
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True, parser_class=Later)
    for one in BENCHMARKS.values():
        core = "" if one.gpu else " of one core"
        about = f"{one.about} ({one.cost}{core})"
        names.add_parser(one.name, help=about, description=about, one=one)
    names.add_parser("all", help="every page, one after the other, with its own defaults")


def run(args: argparse.Namespace) -> None:
    """Write one page, or all of them."""
    if args.name != "all":
        BENCHMARKS[args.name].make(args)
        print(BENCHMARKS[args.name].page)
        return
    for one in BENCHMARKS.values():
        if one.gpu and not torch.cuda.is_available():
            print(f"{one.page}: not made, there is no GPU here")
            continue
        own = argparse.ArgumentParser()
        one.arguments(own)
        one.make(own.parse_args([]))
        print(one.page)
