"""What differs between how the paper's numbers were made and how ours were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hdemucs.data.musdb18 import COUNTS
from hdemucs.evaluation.systems import Facts
from hdemucs.report.published import Published
from hdemucs.report.results import Results, Row
from hdemucs.report.runs import GivenFacts, ReleasedFacts, RunFacts

TEST_TRACKS = COUNTS["test"]
DATA = "MUSDB18-HQ"  # that released models were trained on, by their authors' word
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
    """How many there are, how large they are, and what each was trained on or for how long."""
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
    """Of somebody's estimates we know the tracks alone, and trust that they are what they say."""
    if given.missing:
        count = TEST_TRACKS - len(given.missing)
        yield from unlike(system, f"{count} test tracks", f"{TEST_TRACKS} of {entry.data}")


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
