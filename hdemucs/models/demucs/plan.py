"""The architecture as a table, computed before any module is made.

All arithmetic on channels, kernels, strides, frequencies and bands is in this file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .axis import Axis

KERNEL, STRIDE, GROWTH = 8, 4, 2


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a U-Net: Down maps channels cin -> width, Up maps width -> cout."""

    index: int
    axis: Axis
    cin: int
    width: int
    cout: int
    normed: bool  # group norm inside the level
    normed_out: bool  # and after the level's Up
    rewritten: bool = True  # gated convolutions after Down and before Up
    kernel: int = KERNEL
    stride: int = STRIDE
    pad: int = KERNEL // 4
    frequencies: int = 1  # frequencies that Down leaves
    cuts: tuple[float, ...] = ()  # between the bands of frequencies, as shares


@dataclass(frozen=True)
class Plan:
    """A whole model: the levels of each branch, ending with the one where branches meet, and the
    rest.
    """

    branches: dict[str, list[Level]]
    shared: Level  # the part of the meeting level that branches share
    below: list[Level]


def levels(axis: Axis, indices: Iterable[int], channels: int, norm_from: int | None) -> list[Level]:
    """Levels whose width doubles from one to the next."""
    return [level(axis, i, channels * GROWTH**i, starts(norm_from, i)) for i in indices]


def level(axis: Axis, index: int, width: int, normed: bool) -> Level:  # noqa: FBT001
    above = width // GROWTH
    return Level(
        index=index, axis=axis, cin=above, width=width, cout=above,
        normed=normed, normed_out=normed,
    )  # fmt: skip


def starts(first: int | None, index: int) -> bool:
    """Whether level `index` has what levels have from `first` on; None: no level has it."""
    return first is not None and index >= first


def from_audio(plan: list[Level], audio: int, sources: int) -> list[Level]:
    """The levels, the outermost of which reads the mixture and writes every source."""
    return [replace(plan[0], cin=audio, cout=audio * sources), *plan[1:]]


def over_frequencies(plan: list[Level], frequencies: int) -> list[Level]:
    """Divide frequencies by the stride at each level; the last kernel spans all that remain."""
    out = []
    for v in plan:
        last = frequencies <= v.kernel
        frequencies = 1 if last else frequencies // v.stride
        out.append(replace(v, frequencies=frequencies, pad=0 if last else v.pad))
    return out


def levels_to_one(frequencies: int) -> int:
    """How many levels reduce `frequencies` to one; 5 for 2048."""
    return 1 + max(0, math.ceil(math.log(frequencies / KERNEL, STRIDE)))


def strided_by_two(v: Level) -> Level:
    """A level with stride 2: below the meeting point, steps are longer and strides shorter."""
    return replace(v, kernel=4, stride=2, pad=1)


def unpadded(v: Level) -> Level:
    """A level as in Demucs v2, which pads its input once and no layer.

    The output of its outermost level is not normalised either.
    """
    return replace(v, pad=0, normed_out=v.normed_out and v.index > 0)


def in_bands(plan: list[Level], cuts: tuple[float, ...], count: int) -> list[Level]:
    """The levels, of which the outermost `count` are cut into bands."""
    return [replace(v, cuts=cuts) if v.index < count else v for v in plan]


def valid_length(length: int, plan: Sequence[Level]) -> int:
    """The smallest length, not below `length`, that unpadded levels map back to itself."""
    for v in plan:
        length = max(1, math.ceil((length - v.kernel) / v.stride) + 1)
    for v in reversed(plan):
        length = (length - 1) * v.stride + v.kernel
    return length


def bands_down(v: Level) -> list[tuple[int, int]]:
    """Rows [start, stop) that each band's Down writes.

    A cut is a share of the frequencies that Down reads. The band ends on the row whose kernel ends
    nearest to the cut; of two equally near, on the even number of rows, as in the official code.
    """
    rows = [0]
    for cut in v.cuts:
        centre = (round(v.frequencies * v.stride * cut) - v.pad) / v.stride
        rows.append(rows[-1] + round(centre - rows[-1]))
    return list(pairwise([*rows, v.frequencies]))


def bands_up(v: Level) -> list[tuple[int, int]]:
    """Rows [start, stop) that each band's Up reads, according to the cuts' shares."""
    return list(pairwise([0, *(round(v.frequencies * cut) for cut in v.cuts), v.frequencies]))
