"""The paper's claims and our evidence: supported, contradicted or undecided.

claims.toml lists the claims and the rows that each is about. This module tests each claim on paired
differences over test tracks (and seeds), corrects for the number of claims tested, and estimates
the size of a study that would decide those that stay undecided.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from hdemucs.config.base import STRICT
from hdemucs.config.load import validated
from hdemucs.config.report import ReportConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import ALL
from hdemucs.report.evidence import Differing, between_trainings, margin, matrix, pair, tested
from hdemucs.report.published import Published
from hdemucs.report.results import Results, Row
from hdemucs.statistics.decisions import Decision, Test, Word, decided, of_more, of_no_difference
from hdemucs.statistics.differences import paired
from hdemucs.statistics.estimates import (
    MANY_SEEDS,
    Estimate,
    Paired,
    Spreads,
    spreads,
)
from hdemucs.statistics.power import Design, Question, smallest

SEEDS = (3, 5, 10, 20, 50)  # trainings per row that are tried when planning a study


@checked(frozen=True, kw_only=True, config=STRICT)
class Claim:
    """One claim of the paper, as two rows whose difference decides it."""

    name: str
    says: str
    where: str  # the place in the paper
    row: str
    baseline: str
    source: str
    kind: Literal["more", "same"]
    paper: Annotated[tuple[str, ...], Field(max_length=2)] = ()  # keys of published.csv
    note: str = ""
    released: Annotated[tuple[str, ...], Field(max_length=2)] = ()  # rows of the authors' models

    def on(self, rows: Collection[str]) -> Claim:
        """The claim on the rows that were run: its own two, or those of the authors' models."""
        own, theirs = {self.row, self.baseline}, set(self.released)
        if not theirs or own.issubset(rows) or not theirs.issubset(rows):
            return self
        row, baseline = self.released
        return replace(self, row=row, baseline=baseline)


@dataclass(frozen=True)
class Plan:
    """A study that would decide, if the truth is `effect` and the spreads are as seen."""

    effect: float  # dB
    designs: tuple[tuple[Design, float], ...]  # each with its power; empty: no feasible study


@dataclass(frozen=True)
class Judged:
    """A claim and everything that the report says about it."""

    claim: Claim
    paper: float | None  # the paper's size of effect, dB
    found: Estimate | None
    decision: Decision | None
    tracks: int
    seeds: int
    spreads: Spreads | None
    reason: str  # why it was not tested, or what its error assumes
    plan: Plan | None  # set where the claim stays undecided

    @property
    def word(self) -> str:
        return self.decision.word if self.decision else "not tested"


@cache
def claims() -> tuple[Claim, ...]:
    """All claims, in the order in which the report lists them."""
    name = "hdemucs/report/claims.toml"
    content = tomllib.loads(files("hdemucs.report").joinpath("claims.toml").read_text())
    return tuple(
        validated(entry, Claim, f"{name}: claim[{place}]")
        for place, entry in enumerate(content["claim"])
    )


def judged(results: Results, known: Mapping[str, Published], metric: str = "SDR") -> list[Judged]:
    """Judge every claim; a claim is tested if both of its rows were run."""
    rows = {row.name: row for row in results.models}
    every = [claim.on(rows) for claim in claims()]
    obstacles = {claim.name: obstacle(results, claim, rows) for claim in every}
    values = {
        claim.name: paired(
            matrix(rows[claim.row], metric, claim.source),
            matrix(rows[claim.baseline], metric, claim.source),
        )
        for claim in every
        if not obstacles[claim.name]
    }
    asked = [claim for claim in every if claim.name in values and values[claim.name].shape[1] > 1]
    found = {c.name: tested(values[c.name], c.source, results.config) for c in asked}
    level = results.config.interval.level
    words = decided([test(c, found[c.name], results.config) for c in asked], level)
    decisions = {claim.name: one for claim, one in zip(asked, words, strict=True)}
    out = []
    for claim in every:
        effect = paper_effect(claim, known)
        if claim.name not in found:
            why = obstacles[claim.name] or "fewer than two test tracks that both scored"
            out.append(Judged(claim, effect, None, None, 0, 0, None, why, None))
            continue
        seeds, tracks = values[claim.name].shape
        seen, decision = scatter(claim, values[claim.name], results.config), decisions[claim.name]
        plan = None
        if decision.word is Word.UNDECIDED:
            plan = planned(claim, effect, seen, results.config, len(asked))
        why = assumed(seeds, results.config)
        one = Judged(claim, effect, found[claim.name], decision, tracks, seeds, seen, why, plan)
        out.append(one)
    return out


def differing(found: Sequence[Judged]) -> Differing:
    """Whether the two rows of each tested claim were found to differ.

    For a claim of no difference, this is the case if it is contradicted.
    """
    return {
        pair(one.claim.row, one.claim.baseline, one.claim.source): (
            one.word == Word.CONTRADICTED
            or (one.word == Word.SUPPORTED and one.claim.kind == "more")
        )
        for one in found
        if one.decision
    }


def test(claim: Claim, found: Estimate, config: ReportConfig) -> Test:
    if claim.kind == "same":
        return of_no_difference(found, margin(config, claim.source))
    return of_more(found)


test.__test__ = False  # type: ignore[attr-defined]  # not a test for pytest


def paper_effect(claim: Claim, known: Mapping[str, Published]) -> float | None:
    """The difference between the claim's two rows in the paper's tables.

    Raises:
        UserError: claims.toml names a row that published.csv does not have.
    """
    if not claim.paper:
        return None
    for key in claim.paper:
        if key not in known:
            problem = f"names {key}, which published.csv has not"
            raise UserError(f"claims.toml: {claim.name}", problem, "correct the key")
    row, baseline = (known[key].scores[claim.source] for key in claim.paper)
    return row - baseline


def obstacle(results: Results, claim: Claim, rows: Mapping[str, Row]) -> str:
    """Why these rows cannot test the claim; empty if they can."""
    both = (claim.row, claim.baseline)
    if missing := [name for name in both if name not in rows]:
        return f"no row of this study bears on it: {' and '.join(missing)} not run"
    if leaking := [name for name in both if rows[name].leaks]:
        return f"{' and '.join(leaking)} was trained on the test songs"
    if claim.source not in (ALL, *results.sources):
        return f"the data have no {claim.source}"
    return ""


def scatter(claim: Claim, values: Paired, config: ReportConfig) -> Spreads:
    """The spreads seen; the one between trainings is assumed if it cannot be seen."""
    seen = spreads(values)
    if len(values) >= MANY_SEEDS:
        return seen
    return replace(seen, seed=between_trainings(claim.source, config))


def assumed(seeds: int, config: ReportConfig) -> str:
    """What the error assumes."""
    if seeds >= MANY_SEEDS:
        return ""
    count = "one training" if seeds == 1 else f"{seeds} trainings"
    spread = f"±{config.margin.all:g} dB (one source: ±{config.margin.source:g} dB)"
    return f"{count} a row: trainings are assumed to scatter by the report's margin, {spread}"


def planned(
    claim: Claim, paper: float | None, seen: Spreads, config: ReportConfig, tested: int
) -> Plan:
    """Plan a study that would decide, if the truth is the paper's effect or else the smallest that
    counts.

    Each claim is tested at the level that Holm's correction sets for the first of them.
    """
    least = margin(config, claim.source)
    alpha = (1 - config.interval.level) / tested
    if claim.kind == "same":
        question = Question(effect=0.0, margin=least, alpha=alpha)
    else:
        effect = paper if paper is not None and paper > 0 else least
        question = Question(effect=effect, margin=None, alpha=alpha)
    return Plan(question.effect, tuple(smallest(question, seen, SEEDS, config.interval.seed)))
