"""Labels are text everywhere: in figures, Markdown, LaTeX and HTML, in any script."""

import html
import re
import warnings

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from hdemucs.lettering import as_text, font_of
from hdemucs.report.figures.style import save, styled
from hdemucs.tables import Table, hypertext, latex, markdown

LABELS = [
    "costs $5 and $6", r"$\frac{1}{0}$", "$", "a_b ^ c", r"\alpha", "été", "Ж", "中文",
    "\U0001f3b8", "<b>&amp;</b>", "[Live] (1) | x", "{}", "~", "100 %", "C# #1",
]  # fmt: skip


def drawn(label, folder):
    with styled():
        figure = Figure()
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label=label)
        axes.set_yticks([0], [label])
        axes.legend(title=label)
        save(figure, folder, "figure")
    return [text.get_text() for text in axes.get_yticklabels()]


@pytest.mark.parametrize("label", LABELS)
def test_a_figure_shows_a_label_as_it_is_or_spells_it(label, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is one
        [shown] = drawn(label, tmp_path)
    spelt = "".join(
        letter if ord(letter) < 0x500 or font_of(letter) else f"U+{ord(letter):04X} "
        for letter in label
    )
    assert shown in (label, spelt)


@settings(max_examples=25, deadline=None)
@given(label=st.text(min_size=1, max_size=12))
def test_any_text_can_be_drawn(label):
    figure = Figure()
    figure.text(0.5, 0.5, label)
    as_text(figure)
    figure.draw_without_rendering()


def table(label):
    return Table("t", label, pd.DataFrame({"System": [label, "x"], label: [1.0, 2.0]}), (label,))


@pytest.mark.parametrize("label", LABELS)
def test_html_shows_it(label):
    made = hypertext(table(label))
    assert html.unescape(re.sub("<[^>]*>", "\0", made)).count(label) >= 3


@pytest.mark.parametrize("label", LABELS)
def test_markdown_shows_it(label):
    made = markdown(table(label))
    row = next(line for line in made.splitlines() if line.endswith("| 1.00 |"))
    cells = re.split(r"(?<!\\)\|", row)
    assert len(cells) == 4
    assert re.sub(r"\\(?=[\\`*_|~<\]&])", "", cells[1].strip()) == label


@pytest.mark.parametrize("label", LABELS)
def test_latex_shows_it(label):
    made = latex(table(label))
    bare = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]|\{\[\}|\$[-<>]\$|\\\\$", "", made, flags=re.M)
    body = bare.split(r"\toprule")[1].split(r"\bottomrule")[0]
    assert not re.search(r"[$#_%^~]|\\(?!midrule)", body)
