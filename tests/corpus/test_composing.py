"""Songs before they sound: form, parts, names."""

from itertools import pairwise

import numpy as np
import pytest

from hdemucs.corpus import bass, layers
from hdemucs.corpus.composer import compose
from hdemucs.corpus.drums import CLOSED, OPEN
from hdemucs.corpus.plan import SPLITS, Plan
from hdemucs.corpus.styles import MAJOR, MINOR, PROGRESSIONS, STYLES, TIMBRES

SECONDS = (2.0, 8.0, 30.0)


def composed(style, seconds, seed=0):
    return compose(style, "female", seconds, np.random.default_rng(seed))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("style", STYLES)
def test_sections_fill_the_song(style, seconds):
    song = composed(style, seconds)
    bars = [bar for s in song.sections for bar in range(s.bar, s.bar + s.bars)]
    assert bars == list(range(len(bars)))
    assert 0.85 * seconds < len(bars) * song.bar <= seconds
    assert all(len(section.chords) == section.bars for section in song.sections)


def test_a_long_song_comes_back_to_its_chorus():
    kinds = [section.kind for section in composed("rock", 240.0).sections]
    assert kinds.count("chorus") > 2
    assert (kinds[0], kinds[-1]) == ("intro", "outro")


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("style", STYLES)
def test_everybody_plays_somewhere(style, seconds):
    for seed in range(2):
        song = composed(style, seconds, seed)
        assert any(song.drums.values())
        assert song.bass
        assert any(layer.notes for layer in song.layers)
        assert song.lead


@pytest.mark.parametrize(("seconds", "seed"), [(8.0, 620), (10.0, 675)])
def test_a_singer_who_would_rest_throughout_sings_once(seconds, seed):
    """In these two songs, chance makes a rest of every phrase."""
    assert composed("ballad", seconds, seed).lead


@pytest.mark.parametrize("style", STYLES)
def test_the_lead_sings_one_note_at_a_time_within_a_voices_range(style):
    song = composed(style, 60.0)
    for syllable, following in pairwise(song.lead):
        assert syllable.start + syllable.length <= following.start + 1e-9
    assert all(50 <= syllable.key <= 80 for syllable in song.lead)
    assert sum(syllable.first for syllable in song.lead) > 1


@pytest.mark.parametrize("style", STYLES)
def test_singers_rest(style):
    song = composed(style, 60.0)
    assert sum(syllable.length for syllable in song.lead) < 0.8 * song.length


def test_open_hats_end_where_the_next_hat_begins():
    styles = ("rock", "funk", "reggae", "hiphop")
    hats = [note for style in styles for note in composed(style, 60.0).drums["hats"]]
    pairs = [(a, b) for a, b in pairwise(hats) if a.key == OPEN]
    assert any(b.key == CLOSED for _, b in pairs)
    for open_hat, following in pairs:
        if following.key in {OPEN, CLOSED}:
            assert open_hat.start + open_hat.length == pytest.approx(following.start)


def test_notes_are_notes():
    for style in STYLES:
        song = composed(style, 30.0)
        parts = [*song.drums.values(), song.bass, song.choir, *(x.notes for x in song.layers)]
        for note in (note for part in parts for note in part):
            assert 0 <= note.key <= 127
            assert 1 <= note.velocity <= 127
            assert 0 <= note.start < song.length
            assert note.length > 0


def test_tables_are_whole():
    """Grooves have 16 steps; every name means something."""
    for style in STYLES.values():
        for groove in style.grooves:
            for line in (groove.kick, groove.snare, groove.hats, groove.percussion):
                assert len(line) == 16
                assert set(line) <= set("XxoO-")
        assert set(style.bass_figures) <= set(bass.FIGURES)
        assert {name for pool in style.layers for name in pool} <= set(TIMBRES)
    for timbre in TIMBRES.values():
        assert timbre.figure in layers.FIGURES or timbre.figure in layers.PLAYERS
    for scale in (MAJOR, MINOR):
        assert all(degree < 7 for row in PROGRESSIONS[scale] for degree in row)


def test_styles_and_voices_are_dealt_evenly():
    for split in SPLITS:
        for first in (0, 8, 16):
            plans = [Plan(7, split, index) for index in range(first, first + 8)]
            assert {plan.style for plan in plans} == set(STYLES)
            assert sorted(plan.voice for plan in plans) == ["female"] * 4 + ["male"] * 4
    orders = {tuple(Plan(seed, "train", i).style for i in range(8)) for seed in range(10)}
    assert len(orders) > 8


def test_names_are_unique_whatever_the_split():
    plans = [Plan(1, split, index) for split in SPLITS for index in range(400)]
    names = [plan.name for plan in plans]
    assert len(set(names)) == len(names)
    assert len({name.split(" - ")[1] for name in names}) == len(names)
