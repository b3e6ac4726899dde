"""Excerpts are drawn by rule: gates, a hash, strata; nothing else has a say."""

from dataclasses import replace

import numpy as np
import pytest

from hdemucs.errors import UserError
from hdemucs.listening.excerpts import load_excerpts, save_excerpts
from hdemucs.listening.selection import select, select_from
from tests.listening.family import RATE, SOURCES, corpus, excerpts_config, stems


def songs(count, **changes):
    return {f"Song {n}": {**stems(n), **changes} for n in range(count)}


def chosen(of, **changes):
    return select(excerpts_config(**changes), RATE, sorted(of), [], of.__getitem__)


def picks(excerpts):
    return {(e.track, e.source): e.start for e in excerpts.excerpts}


def test_another_track_moves_no_other_pick():
    few, many = chosen(songs(2), per_source=9), chosen(songs(5), per_source=9)
    assert picks(few).items() <= picks(many).items()
    assert len(picks(many)) == 5 * len(SOURCES)


def test_songs_that_are_all_too_short_are_refused(tmp_path):
    """Three seconds, and one before and after them, are longer than a song of 4.5."""
    manifest = corpus(tmp_path)
    short = [replace(track, seconds=4.5) for track in manifest.tracks]
    some = [*short[:-1], replace(manifest.tracks[-1], split="test", seconds=5.0)]
    assert select_from(excerpts_config(), replace(manifest, tracks=tuple(some)), tmp_path)
    with pytest.raises(UserError, match=r"excerpts.seconds=3: .*the longest has 4.5 s; lower it"):
        select_from(excerpts_config(), replace(manifest, tracks=tuple(short)), tmp_path)


def test_another_seed_draws_others():
    assert picks(chosen(songs(4), per_source=9)) != picks(chosen(songs(4), per_source=9, seed=8))


def test_windows_lie_inside_the_margins():
    for excerpt in chosen(songs(4)).excerpts:
        assert excerpt.frames == 3 * RATE
        assert excerpt.start >= RATE
        assert excerpt.start + excerpt.frames <= 6 * RATE
        assert excerpt.start % RATE == 0


def test_at_most_one_per_track_and_source_and_as_many_as_asked():
    found = chosen(songs(5), per_source=3).excerpts
    assert len({e.id for e in found}) == len(found) == 3 * len(SOURCES)


def test_strata_are_drawn_from_equally():
    for source in SOURCES:
        found = [e for e in chosen(songs(6), per_source=3).excerpts if e.source == source]
        assert sorted(e.stratum for e in found) == [0, 1, 2]
        by_difficulty = sorted(found, key=lambda e: e.difficulty)
        assert [e.stratum for e in by_difficulty] == [0, 1, 2]


def silent_after(signal, seconds):
    cut = signal.copy()
    cut[:, round(seconds * RATE) :] = 0
    return cut


def test_a_silent_stem_is_never_the_target():
    of = songs(3)
    of["Song 1"]["vocals"] = np.zeros_like(of["Song 1"]["vocals"])
    found = chosen(of, per_source=9)
    assert "Song 1" not in {e.track for e in found.excerpts}, "and contamination needs all stems"
    rejected = {(r.track, r.source) for r in found.rejections}
    assert rejected == {("Song 1", source) for source in SOURCES}


def test_windows_are_where_every_stem_is_heard():
    of = songs(1)
    of["Song 0"]["vocals"] = silent_after(of["Song 0"]["vocals"], 4)
    for excerpt in chosen(of, per_source=9).excerpts:
        assert excerpt.start in {RATE, 2 * RATE}, "seconds 3 to 6 have the voice for a third"
        assert min(excerpt.activity.values()) >= 0.5


def test_a_relaxed_gate_is_said():
    of = songs(1)
    of["Song 0"]["vocals"] = silent_after(of["Song 0"]["vocals"], 2.1)
    with pytest.raises(UserError, match="loud enough for vocals"):
        chosen(of, per_source=9)
    of["Song 1"] = stems(1)
    found = chosen(of, per_source=9)
    relaxed = [e for e in found.excerpts if e.relaxed]
    assert {e.source for e in relaxed} == {"drums", "bass", "other"}
    assert any("relaxed activity gate of 0.3" in note for note in found.notes)


def test_a_target_far_under_the_mixture_is_no_target():
    of = songs(1)
    of["Song 0"]["bass"] = of["Song 0"]["bass"] * np.float32(0.01)
    with pytest.raises(UserError, match="loud enough for bass"):
        chosen(of)


def test_tracks_shorter_than_a_window_are_named():
    of = {"Song 0": stems(0), "Stub": stems(1, seconds=4.5)}
    found = chosen(of, per_source=9)
    assert {(r.track, r.reason) for r in found.rejections} == {("Stub", "shorter than one window")}
    assert any("1 excerpts where 9 were asked for" in note for note in found.notes)


def test_training_excerpts_are_of_other_tracks(material):
    excerpts = material.excerpts
    assert {e.source for e in excerpts.training} == set(SOURCES)
    assert not {e.track for e in excerpts.training} & set(excerpts.tracks)


def test_the_file_comes_back(material, tmp_path):
    save_excerpts(material.excerpts, tmp_path / "excerpts.json")
    assert load_excerpts(tmp_path / "excerpts.json") == material.excerpts
    assert replace(material.excerpts, notes=("x",)) != material.excerpts
