"""Print a script that completes commands and options in a shell: bash, zsh or tcsh.

For one session: eval "$(hdemucs completion bash)". For all sessions, write the script to where the
shell looks for it, such as ~/.local/share/bash-completion/completions/hdemucs.
"""

from __future__ import annotations

import argparse
from importlib import import_module

import shtab

from hdemucs.cli.parser import Parser


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="which shell")


def run(args: argparse.Namespace) -> None:
    print(shtab.complete(everything(), args.shell))


def everything() -> Parser:
    """A single parser with every command and its options."""
    from hdemucs.cli import COMMANDS

    whole = Parser(prog="hdemucs")
    parts = whole.add_subparsers(metavar="COMMAND")
    for name, command in COMMANDS.items():
        own = parts.add_parser(name, help=command.about)
        import_module(command.module(name)).arguments(own)
    return whole
