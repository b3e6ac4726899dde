"""One frame, four forms."""

import shutil
import subprocess

import pandas as pd
import pytest

from hdemucs.tables import FORMS, Strong, Table, Text, write

FRAME = pd.DataFrame(
    {
        "System & co": [Text("Hybrid_1", "#x"), "a | b < c", "50 % of {x}"],
        "Score": [1.005, -2.0, float("nan")],
        "Δ": [Strong("+0.1 ± 0.05"), None, "≤ 3 ~ ^ \\"],
        "Count": [1, 2, 3],
    }
)
TABLE = Table("t", "Title with 100 %", FRAME, ("A note_1.",))


def form(kind):
    return FORMS[kind](TABLE)


def test_markdown():
    lines = form("md").splitlines()
    assert lines[2] == "| System & co | Score | Δ | Count |"
    assert lines[3] == "| --- | ---: | --- | ---: |"
    assert lines[4].startswith("| Hybrid_1 | 1.00 | **+0.1 ± 0.05** |")
    assert lines[5].startswith("| a \\| b < c | \N{MINUS SIGN}2.00 | \N{EN DASH} |")
    assert lines[-1] == "- A note_1."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("waveform_no_lstm, [+0.1, +0.2] (holds 0)", "waveform_no_lstm, [+0.1, +0.2] (holds 0)"),
        ("_x_ *y* `z` ~~w~~", r"\_x\_ \*y\* \`z\` \~\~w\~\~"),
        ("a <b>bold</b> < c", r"a \<b>bold\</b> < c"),
        ("[link](https://example.org)", r"[link\](https://example.org)"),
        ("two\nlines | a\\b", r"two lines \| a\\b"),
    ],
)
def test_labels_are_text_in_markdown(text, shown):
    frame = pd.DataFrame({"System": [text]})
    line = FORMS["md"](Table("t", "T", frame, ())).splitlines()[4]
    assert line == f"| {shown} |"


def test_csv_keeps_numbers(tmp_path):
    write(TABLE, tmp_path)
    back = pd.read_csv(tmp_path / "t.csv")
    assert back["Score"].tolist()[:2] == [1.005, -2.0]
    assert back["Score"].isna().tolist() == [False, False, True]
    assert back["System & co"].tolist()[0] == "Hybrid_1"


def test_html_escapes_and_links():
    page = form("html")
    assert '<a href="#x">Hybrid_1</a>' in page
    assert "a | b &lt; c" in page
    assert "<strong>+0.1 ± 0.05</strong>" in page
    assert '<th class="number">Score</th>' in page


def test_latex_escapes():
    text = form("tex")
    assert r"\usepackage" not in text
    assert r"Hybrid\_1 & 1.00 & \textbf{+0.1 $\pm$ 0.05} & 1 \\" in text
    assert r"50 \% of \{x\} & -- & $\leq$ 3 \textasciitilde{} \textasciicircum{}" in text
    assert text.count("&") - text.count(r"\&") == 3 * 4


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_compiles(tmp_path):
    head = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    (tmp_path / "t.tex").write_text(f"{head}\n{form('tex')}\\end{{document}}\n")
    run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "t.pdf").stat().st_size > 5000
