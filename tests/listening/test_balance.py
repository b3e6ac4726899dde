"""Plans are balanced over conditions, sources and excerpts: in each sitting, and over all."""

from collections import Counter

import numpy as np
import pytest

from hdemucs.listening.stimuli.balance import Deal, dealt
from tests.listening.family import SYSTEMS, build, listening_config, read

SHAPES = {  # conditions, excerpts of each source, sittings, clips a sitting
    "quick": (5, (3, 3, 3, 3), 4, 10),
    "paper": (4, (12, 12, 12, 12), 40, 25),
    "two-sources": (3, (5, 5), 7, 9),
    "one-missing": (4, (4, 3, 4, 4), 12, 16),
    "mushra": (1, (12, 12, 12, 12), 12, 4),
    "every-clip": (3, (2, 2), 3, 12),
}


def table(pairs, conditions, excerpts):
    counts = np.zeros((conditions, excerpts), int)
    for pair in pairs:
        counts[pair] += 1
    return counts


def worst(counts, source):
    """The largest difference between two conditions, sources, their cells, a source's excerpts."""
    cells = np.stack([counts[:, source == name].sum(1) for name in set(source)], axis=1)
    excerpts = [np.ptp(counts.sum(0)[source == name]) for name in set(source)]
    return {
        "conditions": np.ptp(counts.sum(1)), "sources": np.ptp(cells.sum(0)),
        "cells": np.ptp(cells), "excerpts": max(excerpts),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_condition_or_source_is_heard_twice_more_than_another(shape, seed):
    conditions, per_source, sittings, size = shape
    source = np.repeat(np.arange(len(per_source)), per_source)
    held = dealt(conditions, source.tolist(), sittings, size, np.random.default_rng(seed))
    assert [len(set(pairs)) for pairs in held] == [size] * sittings, "none twice in a sitting"
    for pairs in held:
        assert max(worst(table(pairs, conditions, len(source)), source).values()) <= 1
    together = table([pair for pairs in held for pair in pairs], conditions, len(source))
    found = worst(together, source)
    clips = max(np.ptp(together[:, source == name]) for name in set(source))
    assert max(*found.values(), clips) <= 1


def test_a_study_that_ends_early_is_balanced_too():
    """However many listeners came, conditions and sources differ by one at most."""
    deal = Deal(4, np.repeat(np.arange(4), 12).tolist(), np.random.default_rng(0))
    for _ in range(40):
        deal.sitting(25)
        found = worst(deal.heard, np.repeat(np.arange(4), 12))
        assert found["conditions"] <= 1
        assert found["sources"] <= 1


def test_a_sitting_cannot_hear_more_clips_than_there_are():
    (pairs,) = dealt(2, [0, 1], 1, 99, np.random.default_rng(0))
    assert sorted(pairs) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_the_sets_are_as_balanced_as_the_plan(material, tmp_path):
    """From files alone: what a listener of `mos-01` hears, by the key."""
    made = build(listening_config(), material, tmp_path)
    entries = {entry.name: entry for entry in made.entries if entry.set == "mos"}
    for path in (tmp_path / "mos" / "sessions").iterdir():
        (block,) = read(path)["blocks"]
        heard = [entries[trial["id"]] for trial in block]
        assert Counter(e.condition for e in heard) == dict.fromkeys(("reference", *SYSTEMS), 2)
        assert set(Counter(e.source for e in heard).values()) == {1, 2}
        assert len({e.excerpt for e in heard}) == len(heard), "no excerpt twice while others wait"
