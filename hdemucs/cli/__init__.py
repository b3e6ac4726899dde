"""The command line: one module a command, imported only when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from hdemucs.errors import ending, one_line

COMMANDS = {
    "separate": "songs to stems, with a trained model",
    "score": "anyone's estimates against their references",
    "verify": "recompute the reports from stored scores and models, and say what differs",
    "data": "what data there is, and whether it is whole",
    "runs": "training runs: list, logs, cancel, prune",
    "study": "many systems with the same CPU time each, compared; its tables from committed scores",
    "bench": "benchmarks: each measures one thing here and writes a page",
    "preflight": "one real training step: memory, speed, hours, disk",
    "listen": "serve a listening test, analyse its answers",
    "import-official": "an official .th checkpoint into our form, running no code from it",
    "export-official": "one of our models as a .th that the official package loads",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; what goes wrong is one line and exit status 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    listing = "\n".join(f"  {name:16} {about}" for name, about in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="hdemucs",
        usage="hdemucs COMMAND ...",
        description=f"commands (hdemucs COMMAND --help says more):\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    command = parser.parse_args(words[:1]).command
    module = import_module(f"hdemucs.cli.{command.replace('-', '_')}")
    own = argparse.ArgumentParser(prog=f"hdemucs {command}", description=module.__doc__)
    module.arguments(own)
    with ending(), one_line():
        module.run(own.parse_args(words[1:]))
