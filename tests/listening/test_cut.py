"""Excerpts are cut from whole estimates, and a killed process separates no track twice."""

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.listening.cut import cut
from tests.listening.family import inputs


@pytest.fixture(scope="module")
def excerpts(tmp_path_factory):
    return inputs(tmp_path_factory.mktemp("material")).excerpts


def noise(excerpts, track):
    """Estimates that are long enough, each unlike all others."""
    rng = np.random.default_rng(len(track) + sum(map(ord, track)))
    length = max(each.start + each.frames for each in excerpts.excerpts)
    return {
        source: rng.uniform(-0.5, 0.5, (2, length)).astype(np.float32)
        for source in excerpts.sources
    }


def of_each(excerpts):
    """Estimates of tracks in turn."""
    return lambda tracks: (noise(excerpts, track) for track in tracks)


def test_an_excerpt_is_that_part_of_the_estimate(excerpts, tmp_path):
    cut(excerpts, excerpts.tracks, of_each(excerpts), tmp_path / "a", tmp_path / "kept")
    assert {path.stem for path in (tmp_path / "a").iterdir()} == {
        each.id for each in excerpts.excerpts
    }
    for each in excerpts.excerpts:
        whole = noise(excerpts, each.track)[each.source]
        found = audio.read(tmp_path / "a" / f"{each.id}.wav")
        expected = whole[:, each.start : each.start + each.frames]
        assert np.abs(found - expected).max() <= 2.0**-23
    assert not (tmp_path / "kept").exists()


def test_after_a_kill_no_track_is_separated_again_and_the_bytes_are_the_same(excerpts, tmp_path):
    asked = []

    def interrupted(tracks):
        for track in tracks:
            if len(asked) == len(excerpts.tracks) // 2:
                raise KeyboardInterrupt
            asked.append(track)
            yield noise(excerpts, track)

    def going_on(tracks):
        for track in tracks:
            asked.append(track)
            yield noise(excerpts, track)

    with pytest.raises(KeyboardInterrupt):
        cut(excerpts, excerpts.tracks, interrupted, tmp_path / "a", tmp_path / "kept")
    assert not (tmp_path / "a").exists()
    cut(excerpts, excerpts.tracks, going_on, tmp_path / "a", tmp_path / "kept")
    assert asked == excerpts.tracks
    cut(excerpts, excerpts.tracks, of_each(excerpts), tmp_path / "b", tmp_path / "kept")
    made = [{path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in "ab"]
    assert made[0] == made[1]
