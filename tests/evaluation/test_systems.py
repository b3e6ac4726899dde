"""A system's scores are kept, and folders of others' museval files are read."""

import dataclasses
import json

import numpy as np
import pytest

from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import (
    FRAMED,
    MEANS,
    MEDIANS,
    SONGS,
    aggregated,
    save_summary,
    summary,
)  # fmt: skip
from hdemucs.evaluation.systems import Facts, System, load_system, load_systems, save_system
from hdemucs.metrics.museval_json import SourceScores, TrackScores, save
from tests.report.conftest import DATA, METRICS

NAN = float("nan")


def track(name, drums, vocals):
    return TrackScores(
        name,
        1.0,
        1.0,
        {
            "drums": SourceScores({"SDR": np.array(drums)}, {"nSDR": drums[0]}),
            "vocals": SourceScores({"SDR": np.array(vocals)}, {"nSDR": vocals[0]}),
        },
    )


TRACKS = (
    track("A", [1.0, 3.0, 20.0], [4.0, NAN, 6.0]),
    track("B", [5.0, 7.0, NAN], [0.0, 0.0, 9.0]),
    track("C", [9.0, 9.0, 9.0], [NAN, NAN, NAN]),
)
FACTS = Facts(system="mine", kind="model", data=DATA, metrics=METRICS, separation=None)


def test_medians_of_medians_by_hand():
    numbers = aggregated(System("x", TRACKS, None), MEDIANS, "SDR")
    assert numbers == {"all": (6.0 + 2.5) / 2, "drums": 6.0, "vocals": 2.5}


def test_means_and_whole_tracks_by_hand():
    system = System("x", TRACKS, None)
    assert aggregated(system, MEANS, "SDR")["drums"] == pytest.approx((8 + 6 + 9) / 3)
    assert aggregated(system, SONGS, "nSDR")["drums"] == pytest.approx(5)
    assert len({way.name for way in FRAMED}) == 3


def test_a_folder_comes_back(tmp_path):
    save_system(tmp_path / "mine", TRACKS[:2], FACTS)
    back = load_system(tmp_path / "mine")
    assert (back.name, back.facts) == ("mine", FACTS)
    assert [t.track for t in back.tracks] == ["A", "B"]
    save_system(tmp_path / "mine", TRACKS[1:], FACTS)
    assert [t.track for t in load_system(tmp_path / "mine").tracks] == ["B", "C"]
    assert summary(back)["sdr"]["drums"] == 4.5


def test_a_metric_without_a_number_is_null_in_the_summary():
    assert summary(System("x", TRACKS[2:], None))["sdr"] == {
        "all": None,
        "drums": 9.0,
        "vocals": None,
    }


@pytest.mark.parametrize("inside", ["theirs/test", "theirs"])
def test_folders_of_other_people_are_read(tmp_path, inside):
    for one in TRACKS:
        save(one, tmp_path / inside / f"{one.track}.json")
    system = load_systems(tmp_path)["theirs"]
    assert system.facts is None
    assert aggregated(system, MEDIANS, "SDR")["all"] == (6.0 + 2.5) / 2


def test_one_name_is_one_system(tmp_path):
    save_system(tmp_path / "scores" / "mwf", TRACKS, dataclasses.replace(FACTS, system="mwf"))
    save_system(tmp_path / "oracles" / "mwf", TRACKS, dataclasses.replace(FACTS, system="mwf"))
    with pytest.raises(UserError, match=r"oracles/mwf: has the name of .*scores/mwf"):
        load_systems(tmp_path / "scores", tmp_path / "oracles")
    (tmp_path / "scores" / "mwf").rename(tmp_path / "scores" / "hybrid")
    with pytest.raises(UserError, match=r"scores/hybrid: holds the scores of mwf"):
        load_systems(tmp_path / "scores", tmp_path / "oracles")


def test_bad_folders_are_one_line(tmp_path):
    with pytest.raises(UserError, match="x: is missing; score the system again"):
        load_system(tmp_path / "x")
    (tmp_path / "x").mkdir()
    with pytest.raises(UserError, match="x: holds no scores; score the system again"):
        load_system(tmp_path / "x")
    save_system(tmp_path / "y", TRACKS, dataclasses.replace(FACTS, system="y"))
    (tmp_path / "y" / "system.json").write_text('{"system": "y"}')
    with pytest.raises(UserError, match=r"system\.json\.kind: is missing"):
        load_system(tmp_path / "y")


def test_dvc_lists_two_numbers_a_system_and_the_folder_has_them_all(tmp_path):
    save_system(tmp_path / "mine", TRACKS[:2], FACTS)
    save_summary(tmp_path / "mine")
    everything = json.loads((tmp_path / "mine/summary.json").read_text())
    listed = json.loads((tmp_path / "mine.json").read_text())
    assert everything == summary(load_system(tmp_path / "mine"))
    assert listed == {"sdr": everything["sdr"]["all"], "nsdr": everything["nsdr"]["all"]}
