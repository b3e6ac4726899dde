"""What would decide the claims that are undecided, and how many hours that takes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hdemucs.report.claims import SEEDS, Judged, Plan
from hdemucs.report.results import Results
from hdemucs.statistics.power import MOST, Design

SAVED = 0.9  # a larger number of trainings must reduce the tracks to this share

Needs = Callable[[str], Sequence[str]]  # a variant -> the trainings behind one more seed of it


@dataclass(frozen=True)
class Proposal:
    """An undecided claim with the studies that would decide it."""

    claim: Judged
    said: str  # the studies in words
    hours: float | None  # of the trainings that are not there yet, of the cheapest study
    unknown: tuple[str, ...]  # trainings that this machine knows no hours of


def designs(plan: Plan) -> list[Design]:
    """The studies worth naming: one of more trainings only where it saves a tenth of the tracks."""
    kept: list[Design] = []
    for design, _ in plan.designs:
        if not kept or design.tracks < SAVED * kept[-1].tracks:
            kept.append(design)
    return kept


def proposed(plan: Plan | None) -> str | None:
    """The studies in words; None where nothing is left to decide."""
    if plan is None:
        return None
    if not plan.designs:
        return f"no study of up to {SEEDS[-1]} trainings and {MOST} tracks"
    return " or ".join(f"{d.seeds} trainings, {d.tracks} tracks" for d in designs(plan))


def proposals(
    results: Results, found: Sequence[Judged], needs: Needs, hours: Mapping[str, float]
) -> list[Proposal]:
    """One for each claim that was tested and stays undecided; `hours` by training."""
    seeds = {row.name: len(row.systems) for row in results.models}
    least = undisturbed(results, hours)
    return [of_claim(one, one.plan, seeds, needs, least) for one in found if one.plan is not None]


def undisturbed(results: Results, hours: Mapping[str, float]) -> dict[str, float]:
    """Hours by training, those of a row's shortest: its trainings differ in their seed only.

    A training that was paused, or that had other work beside it, took longer than it needs.
    """
    out = dict(hours)
    for row in results.models:
        known = {system.name for system in row.systems} & hours.keys()
        out |= dict.fromkeys(known, min((hours[name] for name in known), default=0.0))
    return out


def of_claim(
    one: Judged, plan: Plan, seeds: Mapping[str, int], needs: Needs, hours: Mapping[str, float]
) -> Proposal:
    """`seeds`: how many trainings of each row there are."""
    rows = (one.claim.row, one.claim.baseline)
    costs = [lacking(design, rows, seeds, needs) for design in designs(plan)]
    unknown = sorted({name for cost in costs for name in cost} - hours.keys())
    totals = [
        sum((count * hours[name] for name, count in cost.items()), 0.0)
        for cost in costs
        if not unknown
    ]
    said = proposed(plan) or ""
    return Proposal(one, said, min(totals, default=None), tuple(unknown))


def lacking(
    design: Design, rows: Sequence[str], seeds: Mapping[str, int], needs: Needs
) -> dict[str, int]:
    """How many trainings of each kind a study lacks; what both rows are built upon counts once."""
    counts: dict[str, int] = {}
    for row in rows:
        more = max(0, design.seeds - seeds[row])
        for name in needs(row) if more else ():
            counts[name] = max(more, counts.get(name, 0))
    return counts
