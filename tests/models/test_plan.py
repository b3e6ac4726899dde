"""The architecture's arithmetic."""

from itertools import pairwise

import hypothesis
import pytest
from hypothesis import strategies as st

from hdemucs.models.demucs.axis import FREQUENCY, TIME
from hdemucs.models.demucs.build import hybrid_plan
from hdemucs.models.demucs.plan import (
    bands_down,
    bands_up,
    in_bands,
    levels,
    levels_to_one,
    over_frequencies,
    unpadded,
    valid_length,
)
from tests.family import FAMILY


@pytest.mark.parametrize(("window", "count"), [(64, 2), (256, 3), (1024, 4), (4096, 5)])
def test_levels_to_one_frequency(window, count):
    assert levels_to_one(window // 2) == count
    plan = over_frequencies(levels(FREQUENCY, range(count), 8, None), window // 2)
    assert plan[-1].frequencies == 1 and plan[-2].frequencies == 8


@pytest.mark.parametrize("name", [name for name, c in FAMILY.items() if c.kind == "hybrid"])
def test_a_hop_is_the_strides_of_the_waveform_branch(name):
    """Where branches meet, their steps are as long as each other."""
    plan = hybrid_plan(FAMILY[name])
    strides = 1
    for v in plan.branches.get("waveform", []):
        strides *= v.stride
    assert strides in (1, FAMILY[name].window // 4)


@hypothesis.given(length=st.integers(1, 100_000), depth=st.integers(1, 6))
def test_valid_lengths_are_the_next_ones_that_come_back(length, depth):
    plan = [unpadded(v) for v in levels(TIME, range(depth), 8, None)]
    valid = valid_length(length, plan)
    assert valid >= length and valid_length(valid, plan) == valid
    assert valid - length < 4**depth or valid == valid_length(1, plan)


@hypothesis.given(
    cuts=st.lists(st.floats(0.02, 0.98), min_size=1, max_size=3, unique=True).map(sorted),
    index=st.integers(0, 1),
)
def test_bands_are_a_partition(cuts, index):
    edges = [0.0, *cuts, 1.0]
    hypothesis.assume(min(b - a for a, b in pairwise(edges)) * 32 >= 1.5)
    plan = over_frequencies(levels(FREQUENCY, range(4), 8, None), 512)
    v = in_bands(plan, tuple(cuts), 2)[index]
    for rows in (bands_down(v), bands_up(v)):
        assert rows[0][0] == 0 and rows[-1][1] == v.frequencies
        assert all(start < stop for start, stop in rows)
        assert all(a[1] == b[0] for a, b in pairwise(rows))
