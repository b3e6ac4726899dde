"""Other people's estimates and scores: matched by name, what they lack has no score."""

import dataclasses
import gzip
import json
import unicodedata

import numpy as np
import pytest
import soundfile

from hdemucs.config.evaluation import MetricsConfig
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.record import record
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import MEDIANS, aggregated
from hdemucs.evaluation.given import given_estimates, given_scores, missing
from hdemucs.evaluation.systems import System
from hdemucs.files import digest_of_folder
from hdemucs.metrics.museval_json import FRAMEWISE
from tests.data.conftest import RATE, SOURCES, write_track

CONFIG = MetricsConfig(window=1.0, hop=1.0, metrics="sdr", filter_length=512, backend="own")
SONG = "Café - Ümlaut"


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    root = tmp_path_factory.mktemp("songs")
    for place, name in enumerate(("train/Ann - One", "test/Bob - Two", f"test/{SONG}")):
        write_track(root / name, place, frames=2 * RATE)
    return root, record(root, "songs", Expected(SOURCES, RATE, 2), (), 1)


def museval(folder, name, value, sources=SOURCES, seconds=2):
    frames = [
        {"time": float(t), "duration": 1.0, "metrics": dict.fromkeys(FRAMEWISE, value)}
        for t in range(seconds)
    ]  # fmt: skip
    text = json.dumps({"targets": [{"name": s, "frames": frames} for s in sources]})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json.gz").write_bytes(gzip.compress(text.encode()))


def numbers(scores):
    return aggregated(System("theirs", tuple(scores), None), MEDIANS, "SDR")


def test_scores_are_matched_whatever_the_form_of_the_accents(songs, tmp_path):
    _, manifest = songs
    museval(tmp_path / "test", unicodedata.normalize("NFD", SONG), 3.0)
    museval(tmp_path / "test", "Bob - Two", 5.0)
    museval(tmp_path / "test", "Of another set", 50.0)
    found = given_scores(tmp_path, manifest, CONFIG)
    assert [track.track for track in found] == ["Bob - Two", SONG]
    assert numbers(found) == dict.fromkeys(("all", *SOURCES), 4.0)
    assert missing(tmp_path, manifest, sound_files=False) == ()


def test_tracks_and_sources_that_are_missing_count_nowhere(songs, tmp_path):
    _, manifest = songs
    museval(tmp_path, "Bob - Two", 5.0, sources=("drums", "vocals"))
    found = numbers(given_scores(tmp_path, manifest, CONFIG))
    assert (found["drums"], found["vocals"]) == (5.0, 5.0)
    assert np.isnan([found["bass"], found["other"], found["all"]]).all()
    assert missing(tmp_path, manifest, sound_files=False) == (SONG,)


def test_scores_of_other_windows_or_of_no_test_track_are_refused(songs, tmp_path):
    _, manifest = songs
    museval(tmp_path / "a", "Bob - Two", 5.0)
    with pytest.raises(UserError, match=r"has windows of 1 s every 1 s; score it with 2 s"):
        given_scores(tmp_path / "a", manifest, dataclasses.replace(CONFIG, window=2.0))
    museval(tmp_path / "b", "Ann - One", 5.0)
    with pytest.raises(UserError, match="has scores of no test track"):
        given_scores(tmp_path / "b", manifest, CONFIG)


def test_sound_files_are_scored_against_the_songs(songs, tmp_path):
    root, manifest = songs
    place = tmp_path / "test" / "Bob - Two"
    place.mkdir(parents=True)
    for source in SOURCES:
        signal, _ = soundfile.read(root / "test/Bob - Two" / f"{source}.wav")
        soundfile.write(place / f"{source}.flac", 0.5 * signal, RATE)
    found = numbers(given_estimates(tmp_path, root, manifest, CONFIG, 1))
    assert found["all"] == pytest.approx(20 * np.log10(2), abs=0.01)  # half of it is the error
    assert missing(tmp_path, manifest, sound_files=True) == (SONG,)
    (place / "bass.flac").unlink()
    with pytest.raises(UserError, match="is missing: estimate of bass"):
        given_estimates(tmp_path, root, manifest, CONFIG, 1)


def test_a_digest_knows_names_and_bytes(tmp_path):
    museval(tmp_path / "a", "Bob - Two", 5.0)
    before = digest_of_folder(tmp_path / "a")
    assert before[0] == 1
    next((tmp_path / "a").iterdir()).rename(tmp_path / "a" / "Bob.json.gz")
    assert digest_of_folder(tmp_path / "a")[1] != before[1]
    with pytest.raises(UserError, match="is no folder"):
        digest_of_folder(tmp_path / "b")
