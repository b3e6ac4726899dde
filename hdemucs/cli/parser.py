"""Parsers whose help shows all defaults, and whose errors suggest the nearest word."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn


class Help(argparse.RawDescriptionHelpFormatter):
    """Shows each option's default, if it has a meaningful one."""

    def _get_help_string(self, action: argparse.Action) -> str:
        said = action.help or ""
        silent = action.default in (None, False, argparse.SUPPRESS) or "%(default)" in said
        return said if silent else f"{said} (default: %(default)s)".strip()


class Parser(argparse.ArgumentParser):
    """A parser whose errors suggest the word that was probably meant."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": Help, "allow_abbrev": False, **settings})

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        """As in argparse, but the default of an option without help is shown, too."""
        return super().add_argument(*names, **{"help": " ", **settings})

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            word = next((word for word in rest if word.startswith("-")), rest[0])
            self.error(f"unknown {kind(word)} {word}{meant(word.split('=')[0], self.options())}")
        return found

    def options(self) -> Iterator[str]:
        """Every option of this command and its subcommands."""
        for action in self._actions:
            yield from action.option_strings
            if isinstance(action, argparse._SubParsersAction):
                for part in action.choices.values():
                    yield from part.options()

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            named = [str(choice) for choice in action.choices]
            said = meant(str(value), named) or f"; choose from {', '.join(named)}"
            raise argparse.ArgumentError(action, f"{value!r} is unknown{said}")

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error, with where to read more; exit with status 2."""
        self.exit(2, f"error: {self.prog}: {message}; see `{self.prog} --help`\n")


def kind(word: str) -> str:
    return "option" if word.startswith("-") else "argument"


def meant(word: str, known: Iterable[str]) -> str:
    """Either `; did you mean ...?` or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
