"""Scores are kept as museval keeps them, and come back."""

import gzip
import json

import numpy as np
import pytest

from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import MEDIANS, aggregated
from hdemucs.evaluation.backend import museval
from hdemucs.evaluation.systems import System
from hdemucs.metrics.museval_json import SourceScores, TrackScores, load, save

NAN = float("nan")


def scores(track="Artist - Title", shift=0.0):
    frames = {
        "SDR": np.array([1.0, NAN, 2.123456789, np.inf]) + shift,
        "ISR": np.array([4.0, NAN, 5.0, 6.0]) + shift,
        "SIR": np.array([7.0, NAN, -8.0, 9.0]) + shift,
        "SAR": np.array([1.5, NAN, 2.5, 3.5]) + shift,
    }
    one = SourceScores(frames, {"nSDR": 5.5 + shift, "SI-SDR": 4.25})
    return TrackScores(track, 1.0, 1.0, {"drums": one, "vocals": one})


@pytest.fixture
def folder(tmp_path):
    for name, shift in (("A - One", 0.0), ("B - Two", 1.0), ("C - Three", 5.0)):
        save(scores(name, shift), tmp_path / "ours" / "test" / f"{name}.json")
    return tmp_path / "ours"


def test_scores_come_back_with_five_decimals_and_nan(tmp_path):
    path = tmp_path / "Artist - Title.json"
    save(scores(), path)
    back = load(path)
    assert (back.track, back.window, back.hop) == ("Artist - Title", 1.0, 1.0)
    np.testing.assert_array_equal(back.sources["drums"].frames["SDR"], [1, NAN, 2.12346, NAN])
    assert back.sources["vocals"].whole == {"nSDR": 5.5, "SI-SDR": 4.25}


def test_musevals_stores_read_ours_and_agree(folder):
    methods = museval().MethodStore()
    methods.add_eval_dir(folder)
    theirs = methods.agg_frames_tracks_scores()
    tracks = tuple(load(path) for path in sorted(folder.glob("test/*.json")))
    for metric in ("SDR", "ISR", "SIR", "SAR"):
        ours = aggregated(System("ours", tracks, None), MEDIANS, metric)
        assert ours["vocals"] == pytest.approx(theirs["ours", "vocals", metric], abs=1e-12)
    store = museval().EvalStore()
    store.add_eval_dir(folder)
    assert "drums" in repr(store)


def test_a_file_without_filters_is_still_musevals(tmp_path):
    one = SourceScores({"SDR": np.array([1.0, 2.0])})
    save(TrackScores("T", 1.0, 1.0, {"drums": one}), tmp_path / "test" / "T.json")
    store = museval().EvalStore()
    store.add_eval_dir(tmp_path)
    assert store.agg_frames_tracks_scores()["drums", "SDR"] == 1.5
    assert set(load(tmp_path / "test" / "T.json").sources["drums"].frames) == {"SDR"}


def test_we_read_musevals_own_files(tmp_path):
    track = museval().TrackStore("T", win=1.0, hop=0.5)
    values = {"SDR": [1.0, NAN], "ISR": [2.0, NAN], "SIR": [3.0, NAN], "SAR": [4.0, NAN]}
    track.add_target("bass", values)
    track.save(tmp_path / "T.json")
    back = load(tmp_path / "T.json")
    assert (back.window, back.hop) == (1.0, 0.5)
    np.testing.assert_array_equal(back.sources["bass"].frames["SIR"], [3.0, NAN])
    (tmp_path / "T.json.gz").write_bytes(gzip.compress((tmp_path / "T.json").read_bytes()))
    assert load(tmp_path / "T.json.gz").track == "T"


def good():
    frame = {
        "time": 0.0,
        "duration": 1.0,
        "metrics": dict.fromkeys(("SDR", "ISR", "SIR", "SAR"), 1),
    }
    return {"targets": [{"name": "drums", "frames": [frame]}], "museval_version": "0.4.1"}


def text_score(content):
    content["targets"][0]["frames"][0]["metrics"]["SDR"] = "high"


def uneven(content):
    target = dict(content["targets"][0], name="bass", frames=content["targets"][0]["frames"] * 2)
    content["targets"].append(target)


DAMAGE = {
    "no targets": lambda content: content.pop("targets"),
    "no target": lambda content: content["targets"].clear(),
    "target twice": lambda content: content["targets"].append(content["targets"][0]),
    "no frames": lambda content: content["targets"][0].pop("frames"),
    "empty frames": lambda content: content["targets"][0]["frames"].clear(),
    "no metrics": lambda content: content["targets"][0]["frames"][0].pop("metrics"),
    "no SDR": lambda content: content["targets"][0]["frames"][0]["metrics"].pop("SDR"),
    "text for a score": text_score,
    "uneven frames": uneven,
    "a list": lambda content: content.update(targets=3),
}


@pytest.mark.parametrize("damage", sorted(DAMAGE))
def test_damaged_files_are_one_line(tmp_path, damage):
    content = good()
    DAMAGE[damage](content)
    path = tmp_path / "T.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"T\.json: is no museval score file .*; score the system"):
        load(path)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"targets": [nope]}'])
def test_files_that_are_no_json_are_one_line(tmp_path, raw):
    path = tmp_path / "T.json"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=r"T\.json: cannot be read as JSON"):
        load(path)


def test_missing_and_truncated_gzip_files_are_one_line(tmp_path):
    with pytest.raises(UserError, match=r"T\.json: is missing"):
        load(tmp_path / "T.json")
    (tmp_path / "T.json.gz").write_bytes(gzip.compress(json.dumps(good()).encode())[:-9])
    with pytest.raises(UserError, match=r"T\.json\.gz: cannot be read"):
        load(tmp_path / "T.json.gz")
