"""Words in figures are text: never mathematics, and readable in every script.

Matplotlib takes what stands between two dollar signs for a formula, and draws boxes for characters
that its font lacks.
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

OWN = "DejaVu Sans"  # comes with matplotlib
NO_FONT = "Last Resort"  # has a box for every character


def as_text(figure: Figure) -> None:
    """Have a figure show its words as they are; call it before the layout is found.

    Characters that the own font lacks are drawn by any font of this machine that has them, and
    where none has, as `U+4E2D`.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            names = axis.get_major_formatter()
            if isinstance(names, FuncFormatter):  # as `set_yticks` with labels makes them
                names.func = spelling(names.func)  # they are asked anew when the figure is drawn
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        text.set_text(spelt(text.get_text()))
        fonts = [font_of(letter) for letter in sorted(set(text.get_text()))]
        if others := [font for font in dict.fromkeys(fonts) if font not in (OWN, None)]:
            text.set_fontfamily([OWN, *others])


def spelling(name: Callable[..., str]) -> Callable[..., str]:
    """The names of ticks, spelt."""
    return lambda *place: spelt(name(*place))


def spelt(words: str) -> str:
    """With the code points of what no font has in place of it."""
    return "".join(letter if font_of(letter) else f"U+{ord(letter):04X} " for letter in words)


def drawable(font: str, letter: str) -> bool:
    """Whether a font has a character; line breaks need none."""
    return letter == "\n" or ord(letter) in characters(font_manager.findfont(font))


@cache
def characters(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())


@cache
def font_of(letter: str) -> str | None:
    """The own font, else the first by name of this machine's that has a character."""
    if drawable(OWN, letter):
        return OWN
    names = {font.name for font in font_manager.fontManager.ttflist if Path(font.fname).exists()}
    for name in sorted(name for name in names if not name.startswith(NO_FONT)):
        if drawable(name, letter):
            return name
    return None
