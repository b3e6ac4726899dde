"""How many listeners: as computed by hand, and as simulated panels turn out."""

from dataclasses import replace

import numpy as np
import pytest

from hdemucs.errors import UserError
from hdemucs.listening.analysis.crossed import estimate, ratings
from hdemucs.listening.analysis.plan_page import Wanted, plan_of, plan_text
from hdemucs.listening.analysis.planning import (
    MOS,
    MUSHRA,
    Design,
    detectable,
    error,
    half_width,
    listeners_for,
    pilot,
)
from hdemucs.listening.analysis.variance import variance_parts
from tests.listening import panel
from tests.listening.family import SYSTEMS, listening_config


@pytest.mark.parametrize(
    ("listeners", "excerpts", "wanted"),
    [(20, 5, 10.9), (20, 10, 7.8), (20, 20, 5.7), (20, 30, 4.7), (10, 20, 6.0)],
)
def test_differences_in_a_full_design(listeners, excerpts, wanted):
    """1.96 sqrt(2 (72 / nE + 7.5 / nL + 83 / (nL nE))): the variances of SiSEC 2008."""
    found = error(MUSHRA, Design(excerpts, float(excerpts)), listeners, difference=True)
    assert 1.96 * found == pytest.approx(wanted, abs=0.06)


def test_the_papers_cells_are_sure_to_015():
    """25 clips of 4 conditions and 4 sources a subject, some 35 subjects, ratings alone."""
    alone = replace(
        MOS, listener=0.0, excerpt=0.0, listener_system=0.0, excerpt_system=0.0, residual=1.21
    )
    cell = Design(50, 25 / 16)
    assert error(alone, cell, 35, difference=False) == pytest.approx(0.15, abs=0.01)


def test_simulated_panels_are_as_sure_as_planned():
    """The half-width that the analysis prints, on average, for means of a full design."""
    rng, listeners, excerpts = np.random.default_rng(4), 12, 16
    planned = half_width(
        MUSHRA, Design(excerpts, float(excerpts)), listeners, 0.95, difference=False
    )
    found = []
    for _ in range(60):
        world = panel.World(rng)
        rows = [
            {
                "listener": listener, "excerpt": excerpt, "source": "drums",
                "score": world.effect("excerpt", excerpt) + world.effect("item", excerpt)
                + world.effect("listener", listener) + world.effect("taste", listener)
                + panel.SPREAD["residual"] * rng.standard_normal(),
            }
            for listener in range(listeners) for excerpt in range(excerpts)
        ]  # fmt: skip
        frame = panel.pd.DataFrame(rows)
        found.append(estimate(ratings(frame, by_source=False), 0.95).both)
    assert np.mean(found) == pytest.approx(planned, rel=0.1)


def test_more_listeners_help_only_so_far():
    few, many = Design(5, 5.0), Design(40, 40.0)
    assert listeners_for(MUSHRA, few, 0.95, half=5.0, gap=None) is None
    found = listeners_for(MUSHRA, many, 0.95, half=5.0, gap=None)
    assert half_width(MUSHRA, many, found, 0.95, difference=False) <= 5.0
    assert half_width(MUSHRA, many, found - 1, 0.95, difference=False) > 5.0
    gap = listeners_for(MUSHRA, many, 0.95, half=None, gap=6.0)
    assert detectable(MUSHRA, many, gap, 0.95) <= 6.0 < detectable(MUSHRA, many, gap - 1, 0.95)


def paper_scale():
    config = listening_config()
    mushra = type(config.mushra)(sessions=12, trials=10, replicates=1)
    mos = type(config.mos)(sessions=40, clips=25)
    return replace(config, mushra=mushra, mos=mos)


def test_twenty_ratings_an_item_need_240_people_at_the_papers_scale():
    text = plan_text(plan_of(paper_scale(), "mushra", 48, 4), MUSHRA, Wanted(5.0, None, 0.95))
    assert "one of 12 sessions: 20 ratings of each need 240 listeners" in text
    assert "For a half-width of 5.0, one source: no number of listeners is enough with 12" in text
    mos = plan_of(paper_scale(), "mos", 48, 4)
    assert (mos.items, mos.held) == (48 * (1 + len(SYSTEMS)), 25)
    text = plan_text(mos, MOS, Wanted(None, 0.5, 0.95))
    assert "For finding a difference of 0.5, all sources pooled: " in text


def test_a_pilot_takes_the_place_of_assumptions(tmp_path):
    entries = panel.key(4)
    plan = panel.sessions(entries, 8, 19)
    world = panel.World(np.random.default_rng(5))
    frame = panel.frame(world, entries, plan, {f"l{n}": panel.honest for n in range(8)})
    variance_parts(frame[frame["replicate"] == 0]).to_csv(tmp_path / "variance.csv", index=False)
    found = pilot(tmp_path / "variance.csv", "mushra", "quality")
    assert 100 < found.total < 700, "293.5 was drawn from, with few excerpts"
    assert str(tmp_path) in found.origin
    with pytest.raises(UserError, match="has no variances of mos quality"):
        pilot(tmp_path / "variance.csv", "mos", "quality")
    with pytest.raises(UserError, match="cannot be read"):
        pilot(tmp_path / "nothing.csv", "mos", "quality")
