"""Text in figures: shown literally, never as mathematics, and readable in every script.

By default, Matplotlib interprets what is between two dollar signs as a formula, and draws boxes for
characters that its font does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

OWN = "DejaVu Sans"  # part of Matplotlib
NO_FONT = "Last Resort"  # it has a box for every character


def as_text(figure: Figure) -> None:
    """Make a figure show its texts literally; call it before the layout is computed.

    Characters that the default font does not have are drawn by any installed font that has them, or
    else replaced by their code, such as `U+4E2D`.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            names = axis.get_major_formatter()
            if isinstance(names, FuncFormatter):  # as `set_yticks` with labels makes them
                names.func = spelling(names.func)  # called again when the figure is drawn
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        text.set_text(spelt(text.get_text()))
        fonts = [font_of(letter) for letter in sorted(set(text.get_text()))]
        if others := [font for font in dict.fromkeys(fonts) if font not in (OWN, None)]:
            text.set_fontfamily([OWN, *others])


def spelling(name: Callable[..., str]) -> Callable[..., str]:
    """Labels of ticks, with undrawable characters replaced."""
    return lambda *place: spelt(name(*place))


def spelt(words: str) -> str:
    """The text, with codes in place of characters that no font has."""
    return "".join(letter if font_of(letter) else f"U+{ord(letter):04X} " for letter in words)


def drawable(font: str, letter: str) -> bool:
    """Whether a font has a character; line breaks need no font."""
    return letter == "\n" or ord(letter) in characters(font_manager.findfont(font))


@cache
def characters(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())


@cache
def font_of(letter: str) -> str | None:
    """The default font, or else the first installed one, by name, that has a character."""
    if drawable(OWN, letter):
        return OWN
    names = {font.name for font in font_manager.fontManager.ttflist if Path(font.fname).exists()}
    for name in sorted(name for name in names if not name.startswith(NO_FONT)):
        if drawable(name, letter):
            return name
    return None
