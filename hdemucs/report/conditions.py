"""What differs between how the paper's numbers were made and how ours were."""

from __future__ import annotations

from collections.abc import Iterator

from hdemucs.data.musdb18 import COUNTS
from hdemucs.evaluation.systems import Facts
from hdemucs.report.published import Published
from hdemucs.report.results import Results, Row
from hdemucs.report.runs import RunFacts

TEST_TRACKS = COUNTS["test"]
WINDOW = 1.0  # seconds, and the hop
AGGREGATION = "median of frames, median of tracks"  # as published.csv calls that of our verdict


def other_data(results: Results, entry: Published) -> Iterator[str]:
    """Differences that forbid to put the numbers side by side at all."""
    facts = results.facts
    if facts.data.name != entry.data:
        yield f"data: {facts.data.name}, where the paper has {entry.data}"
    elif len(results.tracks) != TEST_TRACKS:
        yield f"{len(results.tracks)} test tracks, where the paper has {TEST_TRACKS}"
    if (facts.metrics.window, facts.metrics.hop) != (WINDOW, WINDOW):
        yield "metric: other windows than 1 s every 1 s"
    if entry.aggregation != AGGREGATION:
        yield f"aggregation: {AGGREGATION}, where the paper has {entry.aggregation}"


def other_training(row: Row, entry: Published) -> Iterator[str]:
    """Differences in how the models were made and used, each of which explains a difference."""
    for system, runs in zip(row.systems, row.runs, strict=True):
        if runs:
            theirs = None if entry.models is None else models(entry.models)
            yield from unlike(system.name, models(len(runs)), theirs)
            total = sum(run.parameters for run in runs)
            yield from unlike(system.name, *parameters(total, entry.parameters))
            for run in runs:
                yield from other_run(run, entry)
        else:
            yield f"{system.name}: its training is not recorded"
    for facts in row.facts:
        yield from other_separation(facts, entry)


def other_run(run: RunFacts, entry: Published) -> Iterator[str]:
    """The training from new weights, and the fine-tuning after it, each with its own epochs."""
    yield from unlike(run.first.run, *epochs(run.first.epochs, entry.epochs))
    tuned = None if entry.fine_tuned is None else tuning(entry.fine_tuned)
    yield from unlike(run.run, tuning(run.start is not None), tuned)
    if run.start and entry.fine_tuned:
        yield from unlike(f"{run.run}, fine-tuning", *epochs(run.epochs, entry.tuning_epochs))


def other_separation(facts: Facts, entry: Published) -> Iterator[str]:
    shifts = facts.separation.shifts if facts.separation else 0
    theirs = None if entry.shifts is None else f"{entry.shifts} shifts"
    yield from unlike(facts.system, f"{shifts} shifts", theirs)


def unlike(what: str, ours: str, theirs: str | None) -> Iterator[str]:
    """One difference, if there is one; the paper may not have said."""
    if theirs is not None and ours != theirs:
        yield f"{what}: {ours}, where the paper has {theirs}"


def epochs(ours: int, theirs: int | None) -> tuple[str, str | None]:
    return f"{ours} epochs", None if theirs is None else f"{theirs} epochs"


def parameters(ours: int, theirs: int | None) -> tuple[str, str | None]:
    return f"{ours:,} parameters", None if theirs is None else f"{theirs:,} parameters"


def models(count: int) -> str:
    return "one model" if count == 1 else f"a bag of {count}"


def tuning(tuned: bool) -> str:  # noqa: FBT001  what it says is the argument
    return "fine-tuning" if tuned else "no fine-tuning"
