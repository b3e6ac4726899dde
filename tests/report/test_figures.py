"""Figures show what they should: read from the drawing, not from its pixels."""

import numpy as np
import pandas as pd
import pytest

from hdemucs.errors import UserError
from hdemucs.evaluation.pictures import BANDS, NAME, load_pictures, picture, save_pictures
from hdemucs.evaluation.systems import load_systems
from hdemucs.report import evidence
from hdemucs.report.figures import style
from hdemucs.report.figures.boxes import boxes
from hdemucs.report.figures.closeup import closeup
from hdemucs.report.figures.curves import curves, read
from hdemucs.report.figures.forest import forest
from hdemucs.report.published import published
from hdemucs.report.results import arranged

from .conftest import CONFIG, RATE, SOURCES, TRACKS


@pytest.fixture(scope="module")
def results(study):
    return arranged(CONFIG, load_systems(study / "scores", study / "oracles"), {})


def test_boxes_show_every_track_of_every_source(results):
    with style.styled():
        figure = boxes(results)
    assert [axis.get_title() for axis in figure.axes] == ["All", *map(str.capitalize, SOURCES)]
    dots = [line for line in figure.axes[1].lines if line.get_marker() == "."]
    assert len(dots) == len([row for row in results.rows if row.name != "mixture"])
    assert {len(line.get_xdata()) for line in dots} == {len(TRACKS)}


def test_forest_is_hollow_where_no_difference_is_decided(results):
    found = evidence.comparisons(results)
    with style.styled():
        figure = forest(found)
    for axis, source in zip(figure.axes, ("all", *SOURCES), strict=True):
        dots = [line for line in axis.lines if line.get_marker() == "o"]
        here = [one for one in found if one.source == source]
        hollow = [line.get_markerfacecolor() == "white" for line in dots]
        assert hollow == [not one.differs for one in here]
    assert {one.differs for one in found} == {True, False}


def test_curves_mark_the_best_epoch():
    history = pd.DataFrame(
        dict(epoch=[1, 2, 3], train_loss=[3, 2, 1], valid_loss=[3, 1, 2], valid_nsdr=[1, 5, 4])
    )
    with style.styled():
        figure = curves({"a": history}, {"a": "A"})
    for axis in figure.axes:
        marked = next(line for line in axis.lines if line.get_label() == "A")
        assert marked.get_markevery() == [1]


def test_a_legend_has_an_entry_a_row_and_holds_them_all():
    history = pd.DataFrame(
        dict(epoch=[1, 2], train_loss=[3, 2], valid_loss=[3, 1], valid_nsdr=[1, 5])
    )
    labels = {f"{name}_s{seed}": f"row {name}" for name in range(28) for seed in (42, 43, 44)}
    with style.styled():
        figure = curves(dict.fromkeys(labels, history), labels)
        figure.draw_without_rendering()
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(dict.fromkeys(labels.values()))
    assert legend.get_window_extent().y0 >= 0
    looks = {line.get_label(): line.get_color() for line in figure.axes[1].lines}
    assert len({line.get_color() for line in figure.axes[1].lines[:3]}) == 1
    assert looks["row 0"] != looks["row 1"]


@pytest.mark.parametrize("text", ["", "epoch,valid_loss\n1,2\n", "\0\0"])
def test_damaged_curves_are_one_line(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UserError, match=r"a\.csv: (lacks the column|is no readable CSV)"):
        read(tmp_path, ["a", "not there"])


def test_closeup_has_gaps_where_nothing_is_scored(study, results):
    with style.styled():
        figure = closeup(results, study / "scores", study / "oracles" / NAME)
    drums = figure.axes[0].lines[0].get_ydata()
    assert np.isnan(drums).tolist() == [False, True, False, False]
    assert len(figure.axes) == 4 * (1 + 1 + len(results.models))
    assert all(axis.images for axis in figure.axes[4:])


def test_a_tone_is_a_line_of_its_spectrogram_and_comes_back(tmp_path):
    time = np.arange(2 * RATE) / RATE
    tone = np.tile(0.5 * np.sin(2 * np.pi * 1000 * time), (2, 1)).astype(np.float32)
    made = picture(tone, RATE)
    edges = np.geomspace(40, RATE / 2, BANDS + 1)
    expected = BANDS - np.searchsorted(edges, 1000)
    assert abs(int(made.mean(1).argmax()) - expected) <= 1
    save_pictures(tmp_path / NAME, {"drums": tone, "bass": 0 * tone}, RATE)
    drums, bass = load_pictures(tmp_path / NAME)
    np.testing.assert_array_equal(drums, made)
    assert not bass.any()
    (tmp_path / NAME).write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"spectrograms\.png: is no picture"):
        load_pictures(tmp_path / NAME)


def test_twenty_eight_curves_look_different():
    assert len({str(style.look(index)) for index in range(28)}) == 28
    assert len(published()) > 28
