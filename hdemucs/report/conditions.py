"""Differences between the conditions of the paper's numbers and of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hdemucs.data.musdb18 import COUNTS
from hdemucs.evaluation.systems import Facts
from hdemucs.report.published import Published
from hdemucs.report.results import Results, Row
from hdemucs.report.runs import GivenFacts, ReleasedFacts, RunFacts

TEST_TRACKS = COUNTS["test"]
DATA = "MUSDB18-HQ"  # the training data of released models, according to their authors
WINDOW = 1.0  # seconds; the hop is as long
AGGREGATION = "median of frames, median of tracks"  # our verdict's, as published.csv calls it


def other_data(results: Results, entry: Published) -> Iterator[str]:
    """Differences because of which the numbers must not be compared at all."""
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
    """Differences in how models were made and used, which may explain other scores."""
    for system, origins in zip(row.systems, row.runs, strict=True):
        models_ = [origin for origin in origins if not isinstance(origin, GivenFacts)]
        given = [origin for origin in origins if isinstance(origin, GivenFacts)]
        for folder in given:
            yield from lacking(system.name, folder, entry)
        if models_:
            yield from other_models(system.name, models_, entry)
        elif not given:
            yield f"{system.name}: its training is not recorded"
        if system.facts and not given:
            yield from other_separation(system.facts, entry)


def other_models(
    system: str, origins: Sequence[RunFacts | ReleasedFacts], entry: Published
) -> Iterator[str]:
    """Differences in models' number and size, and in the data and length of their training."""
    theirs = None if entry.models is None else models(entry.models)
    yield from unlike(system, models(len(origins)), theirs)
    total = sum(origin.parameters for origin in origins)
    yield from unlike(system, *parameters(total, entry.parameters))
    for origin in origins:
        if isinstance(origin, RunFacts):
            yield from other_run(origin, entry)
        else:
            yield from unlike(origin.file, f"trained on {origin.trained_on}", f"trained on {DATA}")


def lacking(system: str, given: GivenFacts, entry: Published) -> Iterator[str]:
    """What is unknown about somebody's estimates: all but the tracks, as their source is only
    stated.
    """
    if given.missing:
        count = TEST_TRACKS - len(given.missing)
        yield from unlike(system, f"{count} test tracks", f"{TEST_TRACKS} of {entry.data}")


def other_run(run: RunFacts, entry: Published) -> Iterator[str]:
    """Differences in the training from new weights and in the fine-tuning, each with its own
    epochs.
    """
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
    """The difference, if there is one; `theirs` is None where the paper does not say."""
    if theirs is not None and ours != theirs:
        yield f"{what}: {ours}, where the paper has {theirs}"


def epochs(ours: int, theirs: int | None) -> tuple[str, str | None]:
    return f"{ours} epochs", None if theirs is None else f"{theirs} epochs"


def parameters(ours: int, theirs: int | None) -> tuple[str, str | None]:
    return f"{ours:,} parameters", None if theirs is None else f"{theirs:,} parameters"


def models(count: int) -> str:
    return "one model" if count == 1 else f"a bag of {count}"


def tuning(tuned: bool) -> str:  # noqa: FBT001  the argument is what the text says
    return "fine-tuning" if tuned else "no fine-tuning"
