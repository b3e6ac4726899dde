"""The command line: one module per command, which is imported only when the command is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hdemucs.cli.parser import Parser
from hdemucs.errors import UserError, ending, one_line

STUDY = "params.yaml"  # in a folder with this file, commands on studies can run


@dataclass(frozen=True)
class Command:
    """One command: its module has `arguments(parser)` and `run(arguments)`."""

    about: str
    study: bool = False  # whether it must run in a checkout of a study

    def module(self, name: str) -> str:
        return f"hdemucs.cli.{name.replace('-', '_')}"


COMMANDS = {
    "separate": Command("songs to stems, with a trained model"),
    "score": Command("anyone's estimates against their references"),
    "compare": Command("two revisions: paired differences, and what changed", study=True),
    "verify": Command("recompute the reports from stored scores and models", study=True),
    "archive": Command("one archive of the results for a data repository", study=True),
    "data": Command("what data there is, and whether it is whole", study=True),
    "runs": Command("training runs: list, logs, cancel, prune", study=True),
    "study": Command("many systems with the same CPU time each, compared", study=True),
    "bench": Command("benchmarks: each measures one thing here and writes a page"),
    "plan": Command("what would decide the claims that are undecided, and its hours", study=True),
    "preflight": Command("hours of a training and of the test set; memory, disk", study=True),
    "listen": Command("serve a listening test, analyse its answers"),
    "import-official": Command("an official .th checkpoint into our form, running no code of it"),
    "export-official": Command("one of our models as a .th that the official package loads"),
    "completion": Command("the shell's completion of these commands and their options"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; an error is one line, with exit status 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = program().parse_args(words[:1]).command
    with ending(), one_line():
        command = COMMANDS[name]
        module = import_module(command.module(name))
        own = Parser(prog=f"hdemucs {name}", description=module.__doc__)
        module.arguments(own)
        parsed = own.parse_args(words[1:])
        if command.study:
            hold_study(name, Path.cwd())
        module.run(parsed)


def program() -> Parser:
    """The parser of the first word of a command line."""
    listing = "\n".join(f"  {name:16} {one.about}" for name, one in COMMANDS.items())
    parser = Parser(
        prog="hdemucs",
        usage="hdemucs COMMAND ...",
        description=f"commands (hdemucs COMMAND --help says more):\n{listing}",
    )
    said = f"%(prog)s {installed()}"
    parser.add_argument("--version", action="version", version=said, help="the version, and end")
    parser.add_argument(
        "command", choices=list(COMMANDS), metavar="COMMAND", help=argparse.SUPPRESS
    )
    return parser


def installed() -> str:
    """The installed version."""
    try:
        return version("hdemucs")
    except PackageNotFoundError:
        return "(not installed)"


def is_study(folder: Path) -> bool:
    return (folder / STUDY).exists() or (folder / "dvc.yaml").exists()


def hold_study(name: str, here: Path) -> None:
    """Check that a folder is a checkout of a study.

    Raises:
        UserError: it is not.
    """
    if is_study(here):
        return
    above = next((folder for folder in here.parents if is_study(folder)), None)
    cure = f"run it in {above}" if above else f"run `hdemucs {name}` in a checkout of a study"
    raise UserError(here, f"is no study: {STUDY} is not here", cure)
