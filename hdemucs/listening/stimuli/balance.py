"""The clips that each session plays, by a balanced incomplete block design.

Every session has each condition, source and excerpt equally often (within one), and so have all
sessions together, up to any one of them. A session is drawn in three steps: how many clips of each
condition and source it has, how these are combined, and which excerpts they are, source by source.
Each step is a transport problem, solved exactly: its linear program has integer solutions. Then
exchanges within sessions, which keep their balance, make the clips' total numbers more equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linprog

Counts = Int[np.ndarray, "place"]
Table = Int[np.ndarray, "row column"]

WITHIN, OVER = 1e5, 8.0  # cost of repeating in a session; its growth with earlier sessions


PLANS, EXCHANGES = 6, 50_000  # most tries
Pair = tuple[int, int]  # condition, excerpt


def dealt(
    conditions: int, sources: Sequence[int], sittings: int, size: int, rng: np.random.Generator
) -> list[list[Pair]]:
    """The (condition, excerpt) pairs of each session: at most `size`, and no pair twice.

    `sources` has the source of each excerpt, as a number; `conditions` is the number of versions of
    each excerpt.
    """
    plans = (plan(conditions, sources, sittings, size, rng) for _ in range(PLANS))
    found: list[list[Pair]] = []
    least = sittings * size
    for held in plans:
        if (uneven := unevenness(held, conditions, sources)) < least:
            found, least = held, uneven
        if least <= 1:
            break
    return found


def plan(
    conditions: int, sources: Sequence[int], sittings: int, size: int, rng: np.random.Generator
) -> list[list[Pair]]:
    """One random plan of all sessions; plans may differ in how even they are."""
    deal = Deal(conditions, sources, rng)
    held = [deal.sitting(size) for _ in range(sittings)]
    exchange(held, sources, [0] * len(sources), rng)
    exchange(held, range(len(sources)), sources, rng)
    return [[own[place] for place in rng.permutation(len(own))] for own in held]


def unevenness(held: Sequence[Sequence[Pair]], conditions: int, sources: Sequence[int]) -> int:
    """The largest difference between cells of condition and source, or clips of one source."""
    pairs = [pair for own in held for pair in own]
    clips = tally(pairs, range(len(sources)), conditions)
    apart = [np.ptp(clips[:, np.equal(sources, name)]) for name in set(sources)]
    return int(max(np.ptp(tally(pairs, sources, conditions)), *apart))


@dataclass
class Deal:
    """Draws one session after the other, taking into account what earlier ones play."""

    conditions: int
    sources: Sequence[int]
    rng: np.random.Generator
    heard: Table = field(init=False)  # [condition, excerpt]

    def __post_init__(self) -> None:
        self.heard = np.zeros((self.conditions, len(self.sources)), np.int64)

    def sitting(self, size: int) -> list[Pair]:
        """The (condition, excerpt) pairs of the next session: at most `size`, and no pair twice."""
        groups = self.groups()
        size = min(size, self.heard.size)
        before = np.stack([self.heard[:, group].sum(1) for group in groups], axis=1)
        room = np.array([self.conditions * len(group) for group in groups])
        most = np.tile([len(group) for group in groups], (self.conditions, 1))
        cells = self.cells(size, before, room, most)
        pairs = [
            (int(condition), group[excerpt])
            for group, column in zip(groups, cells.T, strict=True)
            for condition, excerpt in zip(*np.nonzero(self.within(group, column)), strict=True)
        ]
        for pair in pairs:
            self.heard[pair] += 1
        return pairs

    def cells(self, size: int, before: Table, room: Counts, most: Table) -> Table:
        """The number of clips of each condition and source."""
        by_source = self.shares(size, before.sum(0), room)
        by_condition = self.shares(size, before.sum(1), np.full(self.conditions, len(self.sources)))
        return self.meet(by_condition, by_source, before, most)

    def groups(self) -> list[list[int]]:
        """The excerpts of each source."""
        names = sorted(set(self.sources))
        return [[n for n, own in enumerate(self.sources) if own == name] for name in names]

    def within(
        self, group: list[int], by_condition: Counts
    ) -> Int[np.ndarray, "condition excerpt"]:
        """Which excerpts of one source are played in which condition, as 0 or 1."""
        before = self.heard[:, group]
        room = np.full(len(group), self.conditions)
        by_excerpt = self.shares(int(by_condition.sum()), before.sum(0), room)
        return self.meet(by_condition, by_excerpt, before, np.ones_like(before))

    def shares(self, total: int, before: Counts, room: Counts) -> Counts:
        """Distribute `total` as evenly as `room` allows; places that had less get more."""
        given, chance = np.zeros(len(room), np.int64), self.rng.random(len(room))
        for _ in range(total):
            open_places = np.flatnonzero(given < room)
            rank = (chance[open_places], before[open_places], given[open_places])
            given[open_places[np.lexsort(rank)[0]]] += 1
        return given

    def meet(
        self,
        rows: Int[np.ndarray, row],
        columns: Int[np.ndarray, column],
        before: Table,
        most: Table,
    ) -> Table:
        """A table with these sums, as even as they allow; cells played least come first."""
        steps = int(most.max())
        rank = np.arange(steps)[:, None, None]
        chance = self.rng.random((steps, *before.shape))
        cost = WITHIN * rank + OVER ** (before - before.min()) + chance
        bounds = [(0, int(n < limit)) for n in range(steps) for limit in most.ravel()]
        sums = np.concatenate([sums_of(before.shape, 0), sums_of(before.shape, 1)])
        found = linprog(
            cost.ravel(), A_eq=np.tile(sums, (1, steps)), b_eq=np.concatenate([rows, columns]),
            bounds=bounds, method="highs-ds",
        )  # fmt: skip
        return np.rint(found.x).astype(np.int64).reshape(cost.shape).sum(0)


def sums_of(shape: tuple[int, ...], axis: int) -> Float[np.ndarray, "sum cell"]:
    """The matrix that maps a flattened table to its sums by row (axis 0) or by column (axis 1)."""
    places = np.indices(shape)[axis].ravel()
    return np.asarray(places == np.arange(shape[axis])[:, None], np.float64)


def exchange(
    held: list[list[Pair]], kinds: Sequence[int], groups: Sequence[int], rng: np.random.Generator
) -> None:
    """Exchange excerpts between clips of a session, until each condition meets each kind equally
    often.

    `kinds` has the kind of each excerpt (its source, or the excerpt itself), which are compared
    within their group. A session keeps its conditions and excerpts, and stays as even as it was.
    """
    groups_of = dict(zip(kinds, groups, strict=True))
    columns = [[kind for kind, own in groups_of.items() if own == group] for group in set(groups)]
    rows = 1 + max(condition for pairs in held for condition, _ in pairs)
    tallies = [tally(pairs, kinds, rows) for pairs in held]
    total, changed = np.sum(tallies, axis=0), True
    for turn in rng.integers(1 << 30, size=(EXCHANGES, 3)).tolist():
        if changed and all(np.ptp(total[:, own]) <= 1 for own in columns):
            return
        pairs, own = held[turn[0] % len(held)], tallies[turn[0] % len(held)]
        places = [place % len(pairs) for place in turn[1:]]
        (a, x), (b, y) = (pairs[place] for place in places)
        changed = groups[x] == groups[y] and not {(a, y), (b, x)} & set(pairs)
        corners = [a, b, a, b], [kinds[n] for n in (x, y, y, x)]
        changed = changed and better(own[corners], total[corners])
        if changed:
            pairs[places[0]], pairs[places[1]] = (a, y), (b, x)
            for counts in (own, total):
                counts[corners] += [-1, -1, 1, 1]


def tally(pairs: Sequence[Pair], kinds: Sequence[int], rows: int) -> Table:
    """How often each condition meets each kind."""
    counts = np.zeros((rows, 1 + max(kinds)), np.int64)
    for condition, excerpt in pairs:
        counts[condition, kinds[excerpt]] += 1
    return counts


def better(own: Counts, total: Counts) -> bool:
    """Whether counts become more even if the first two of four each give one to the last two."""
    level = own[2] < own[0] and own[3] < own[1]
    return bool(level and total[2] + total[3] + 2 <= total[0] + total[1])
