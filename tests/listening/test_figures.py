"""Figures say which way is better, keep their words inside, and have room for every system."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from hdemucs.listening.analysis import plots
from hdemucs.listening.analysis.analyse import examine
from hdemucs.listening.answers.read import PEOPLE, Answers
from tests.listening import panel
from tests.listening.test_analysis import config

MANY = tuple(f"system-number-{n:02}" for n in range(19))
DRUMS = ("emu", "rhea")


def examined(systems, source=None):
    entries = [e for e in panel.key(2, systems=systems) if source in (None, e.source)]
    with pytest.MonkeyPatch.context() as patch:
        for attribute in panel.TRUE.values():
            for number, name in enumerate(MANY):
                patch.setitem(attribute, name, 80 - 3 * number)
        plan = panel.sessions(entries, 6, 5)
        world = panel.World(np.random.default_rng(1))
        habits = {f"l{n}": panel.honest for n in range(6)}
        frame = panel.frame(world, entries, plan, habits)
    asked = replace(config(), systems=systems, baseline=systems[0], resamples=50)
    return examine(asked, entries, Answers(frame, pd.DataFrame(columns=PEOPLE), ()), "toy")


@pytest.fixture(scope="module")
def many():
    return examined(MANY)


@pytest.fixture(scope="module")
def narrow():
    """Two systems and one source: the narrowest figures."""
    return examined(DRUMS, "drums")


def of_scores(found, attribute):
    ratings = found.counted[found.counted["attribute"] == attribute]
    cells = found.frames["cells"][found.frames["cells"]["attribute"] == attribute]
    return plots.scores("mushra", attribute, ratings, cells, panel.SOURCES)


def outside(figure):
    """Texts that the figure's edge cuts off."""
    figure.tight_layout()
    renderer = figure.canvas.get_renderer()
    width, height = figure.bbox.width, figure.bbox.height
    titles = [axis.title for axis in figure.axes]
    shown = [text for text in [*titles, *figure.texts] if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    return [t for t, b in boxes if b.x0 < 0 or b.y0 < 0 or b.x1 > width or b.y1 > height]


def test_words_go_with_the_scale(narrow):
    """100 in the contamination task is the best there is: nothing may call it contamination."""
    figure = of_scores(narrow, "contamination")
    assert "absence of contamination (higher is better)" in " ".join(
        figure.get_suptitle().splitlines()
    )
    linked = plots.linked(narrow.frames["stimuli"])
    assert {axis.get_title() for axis in linked.axes} == {
        "mushra: absence of contamination",
        "mushra: sound quality",
    }


def test_no_title_is_cut_off(narrow, many):
    for found in (narrow, many):
        assert outside(of_scores(found, "quality")) == []
        assert outside(plots.differences(found.frames["contrasts"])) == []
        assert outside(plots.plane(found.frames["cells"], "mushra")) == []


def test_nineteen_systems_have_room(many, narrow):
    few, all_of_them = (plots.differences(f.frames["contrasts"]) for f in (narrow, many))
    assert all_of_them.get_figheight() > 2.5 * few.get_figheight()
    all_of_them.tight_layout()
    labels = all_of_them.axes[0].get_yticklabels()
    renderer = all_of_them.canvas.get_renderer()
    boxes = sorted((label.get_window_extent(renderer) for label in labels), key=lambda b: b.y0)
    assert all(one.y1 <= two.y0 + 1 for one, two in pairwise(boxes))
