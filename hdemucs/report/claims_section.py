"""How the paper's claims are shown: a table, a list of untested claims, and a forest plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hdemucs.report.claims import Judged
from hdemucs.report.evidence import signed
from hdemucs.report.figures.style import COLOURS, QUIET
from hdemucs.report.planning import proposed
from hdemucs.report.results import Results
from hdemucs.report.scores import heading
from hdemucs.statistics.decisions import Word
from hdemucs.statistics.estimates import MANY_SEEDS
from hdemucs.statistics.power import WANTED
from hdemucs.tables import Strong, Table

COLOUR = {Word.SUPPORTED: COLOURS[0], Word.CONTRADICTED: COLOURS[1], Word.UNDECIDED: QUIET}


def table(results: Results, found: Sequence[Judged]) -> Table:
    """The tested claims, in the order of claims.toml."""
    level = results.config.interval.level
    lines = [
        {
            "Claim": one.claim.says,
            "Where the paper says it": one.claim.where,
            "Rows": f"{one.claim.row} over {one.claim.baseline}, {heading(one.claim.source)}",
            "Paper's Δ, dB": None if one.paper is None else signed(one.paper),
            f"Our Δ, dB [{100 * level:.0f} % interval]": ours(one, level),
            "Spread between tracks, trainings, dB": scattered(one),
            "p (Holm)": f"{one.decision.p:.3g}",
            "Evidence": one.word if one.word == Word.UNDECIDED else Strong(one.word),
            "What would decide": proposed(one.plan),
        }
        for one in found
        if one.decision
    ]
    return Table("claims", "The paper's claims", pd.DataFrame(lines), notes(results, found))


def ours(one: Judged, level: float) -> str:
    assert one.found is not None
    low, high = one.found.bounds(level)
    seeds = "1 training" if one.seeds == 1 else f"{one.seeds} trainings"
    span = f"{signed(one.found.mean)} [{signed(low)}, {signed(high)}]"
    return f"{span}, {one.tracks} tracks, {seeds}"


def scattered(one: Judged) -> str:
    """The standard deviations of the difference; that of trainings in brackets if assumed."""
    assert one.spreads is not None
    seed = f"{one.spreads.seed:.2f}"
    return f"{one.spreads.track:.2f}, {seed if one.seeds >= MANY_SEEDS else f'({seed})'}"


def notes(results: Results, found: Sequence[Judged]) -> tuple[str, ...]:
    tested = sum(one.decision is not None for one in found)
    margin = results.config.margin
    reasons = sorted({one.reason for one in found if one.decision and one.reason})
    return (
        "Δ: mean over test tracks (and trainings) of each track's median-of-frames SDR, first row "
        f"minus second, on {results.facts.data.name}: claims are tested on these data, and what "
        "they decide holds for these data and models.",
        "Spread: standard deviations of the difference between tracks and between trainings; in "
        "brackets where it is assumed.",
        "Supported or contradicted: a two-sided test, corrected by Holm for the "
        f"{tested} claims tested; no difference: two one-sided tests within "
        f"±{margin.all:g} dB (one source: ±{margin.source:g} dB).",
        "What would decide: trainings of each row and test tracks that do so with a probability of "
        f"{WANTED:g} if the truth is the paper's Δ (where it has none, the margin), by simulation "
        "with the spreads seen here; hdemucs plan adds the hours of training on this machine.",
        *(f"{reason[:1].upper()}{reason[1:]}." for reason in reasons),
        *(
            f"{one.claim.says}: {one.claim.note}."
            for one in found
            if one.claim.note and one.decision
        ),
    )


def remarks(found: Sequence[Judged]) -> list[str]:
    """Other differences between claims' rows, each once with the claims that it applies to."""
    said: dict[str, list[str]] = {}
    for one in found:
        if one.claim.note:
            said.setdefault(one.claim.note, []).append(f"{one.claim.row} over {one.claim.baseline}")
    return [f"{', '.join(dict.fromkeys(rows))}: {note}." for note, rows in said.items()]


def untested(found: Sequence[Judged]) -> Table:
    """The claims that this study cannot judge, each with the reason."""
    lines = [
        {
            "Claim": one.claim.says,
            "The paper": one.claim.where,
            "Paper's Δ, dB": None if one.paper is None else signed(one.paper),
            "Why it was not tested": one.reason,
        }
        for one in found
        if not one.decision
    ]
    title = f"{len(lines)} claims that this study does not test"
    return Table("claims-untested", title, pd.DataFrame(lines), ())


def summary(found: Sequence[Judged]) -> str:
    """The first sentence of the report: how many claims the evidence decides."""
    counts = {word: sum(one.word == word for one in found) for word in Word}
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    rest = sum(one.decision is None for one in found)
    return f"Of the paper's {len(found)} claims: {said}, {rest} not tested by this study."


def decided(results: Results, found: Sequence[Judged]) -> tuple[str, ...]:
    """The claims that the evidence supports, and those that it contradicts: one sentence each."""
    level = results.config.interval.level
    sentences = []
    for word in (Word.SUPPORTED, Word.CONTRADICTED):
        these = [f"{one.claim.says} ({ours(one, level)})" for one in found if one.word == word]
        if these:
            sentences.append(f"{word.capitalize()}, in dB of SDR: {'; '.join(these)}.")
    return tuple(sentences)


def forest(results: Results, found: Sequence[Judged]) -> Figure:
    """Our differences with their intervals, and the paper's: one line per claim."""
    tested = [one for one in found if one.decision]
    figure = Figure(figsize=(7.5, 0.42 * len(tested) + 1.3))
    axis = figure.subplots()
    axis.axvline(0, color=QUIET, linewidth=0.8)
    for place, one in enumerate(tested):
        line(axis, place, one, results)
    axis.set_yticks(range(len(tested)), [one.claim.says for one in tested], fontsize=8)
    axis.set_ylim(len(tested) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("Difference in SDR, dB", fontsize=9)
    handles, labels = axis.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(once.values(), once.keys(), loc="outside lower right", ncols=4, fontsize=8)
    return figure


def line(axis: Axes, place: int, one: Judged, results: Results) -> None:
    assert one.found is not None and one.decision is not None
    low, high = one.found.bounds(results.config.interval.level)
    colour = COLOUR[one.decision.word]
    axis.plot([low, high], [place, place], color=colour, linewidth=1.8)
    fill = "white" if one.decision.word is Word.UNDECIDED else colour
    axis.plot(
        one.found.mean, place, "o", color=colour, markerfacecolor=fill,
        label=f"ours, {one.decision.word}", linestyle="none",
    )  # fmt: skip
    if one.paper is not None and np.isfinite(one.paper):
        axis.plot(
            one.paper, place, "D", color="black", markerfacecolor="none", markersize=5,
            label="the paper's (MUSDB18-HQ)", linestyle="none",
        )  # fmt: skip
