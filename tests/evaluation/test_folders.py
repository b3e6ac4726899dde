"""Anybody's estimates are scored from their files, and bad folders are one line."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.cli import main
from hdemucs.errors import UserError
from hdemucs.evaluation.folders import covered, score_folder
from hdemucs.evaluation.score import score_track
from tests.metrics.signals import RATE, plain

from .test_score import config

SOURCES = ("drums", "bass", "vocals")
TRACKS = ("A - One", "B - Two")


@pytest.fixture
def folders(tmp_path):
    for seed, track in enumerate(TRACKS):
        for kind, stack in zip(("references", "estimates"), plain(2.0, 3, seed), strict=True):
            for source, signal in zip(SOURCES, stack.astype(np.float32), strict=True):
                place = tmp_path / kind / "test" / track / f"{source}.wav"
                audio.write(place, signal, RATE, bits=0)
    return tmp_path / "references", tmp_path / "estimates"


def score(folders, jobs=1, *, partial=False):
    return score_folder(covered(*folders, partial=partial), SOURCES, config(), jobs)


def test_files_score_as_arrays_do_in_any_number_of_processes(folders):
    one, two = score(folders), score(folders, jobs=2)
    assert [track.track for track in one] == list(TRACKS)
    pair = (dict(zip(SOURCES, x.astype(np.float32), strict=True)) for x in plain(2.0, 3, 1))
    expected = score_track("B - Two", *pair, RATE, config())
    for scored in (one[1], two[1]):
        for source in SOURCES:
            np.testing.assert_array_equal(
                scored.sources[source].frames["SDR"], expected.sources[source].frames["SDR"]
            )
            assert scored.sources[source].whole == expected.sources[source].whole


def test_flac_and_flat_layouts_are_read(folders, tmp_path):
    references, estimates = folders
    flat = tmp_path / "flat" / "A - One"
    for source in SOURCES:
        signal = audio.read(estimates / "test" / "A - One" / f"{source}.wav")
        audio.write(flat / f"{source}.flac", signal, RATE, bits=24)
    [scored] = score((references, tmp_path / "flat"), partial=True)
    [first, _] = score(folders)
    difference = scored.sources["bass"].whole["nSDR"] - first.sources["bass"].whole["nSDR"]
    assert abs(difference) < 1e-3


def rewritten(path, change, rate=RATE):
    audio.write(path, change(audio.read(path)), rate, bits=0)


DAMAGE = {
    "missing source": (lambda p: p.unlink(), r"bass\.wav: is missing: estimate of bass of B - Two"),
    "shorter": (lambda p: rewritten(p, lambda x: x[:, :-5]), "estimate of bass: has 7995 samples"),
    "other rate": (
        lambda p: rewritten(p, lambda x: x, rate=RATE * 2),
        r"bass\.wav: has a sample rate of 8000 Hz where .*drums\.wav has 4000",
    ),
    "mono": (lambda p: rewritten(p, lambda x: x[:1]), "estimate of bass: has 1 channels"),
    "silent": (lambda p: rewritten(p, lambda x: 0 * x), "B - Two: estimate of bass: is silent"),
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[:60]), r"bass\.wav"),
    "no audio": (lambda p: p.write_bytes(b"nothing"), r"bass\.wav: is not a readable sound file"),
    "strange track": (
        lambda p: p.parent.rename(p.parent.with_name("C - Three")),
        r"C - Three: is no track of",
    ),
}


@pytest.mark.parametrize("damage", sorted(DAMAGE))
@pytest.mark.parametrize("jobs", [1])
def test_bad_estimates_are_one_line(folders, damage, jobs):
    change, line = DAMAGE[damage]
    change(folders[1] / "test" / "B - Two" / "bass.wav")
    with pytest.raises(UserError, match=line) as refused:
        score(folders, jobs)
    assert "\n" not in str(refused.value)


def test_a_track_without_estimates_is_refused_unless_asked_for(folders):
    references, estimates = folders
    shutil.rmtree(estimates / "test" / "B - Two")
    with pytest.raises(UserError, match="has 1 of 2 tracks; missing: B - Two; supply them, or say"):
        covered(references, estimates)
    some = covered(references, estimates, partial=True)
    assert (some.said, some.missing) == ("1 of 2 tracks", ("B - Two",))
    assert [track.track for track in score(folders, partial=True)] == ["A - One"]


def test_the_command_says_of_how_many_and_replaces_what_was_there(folders, monkeypatch, capsys):
    references, estimates = folders
    root = references.parent
    (root / "configs").mkdir()
    (root / "data").mkdir()
    evaluate = {"metrics": asdict(config()), "oracles": {"names": [], "window": 1024}}
    (root / "configs/evaluate.json").write_text(json.dumps(evaluate))
    monkeypatch.chdir(root)
    words = ["score", "estimates", "--references", "references", "--sources", *SOURCES]
    main(words)
    assert "2 of 2 tracks -> estimates-scores" in capsys.readouterr().out
    shutil.rmtree(estimates / "test" / "B - Two")
    with pytest.raises(SystemExit, match="1 of 2 tracks"):
        main(words)
    assert len(list((root / "estimates-scores/test").iterdir())) == 2
    main([*words, "--partial"])
    assert "1 of 2 tracks -> estimates-scores" in capsys.readouterr().out
    assert [p.stem for p in (root / "estimates-scores/test").iterdir()] == ["A - One"]


def test_nan_in_a_file_is_one_line(folders):
    import soundfile

    path = folders[1] / "test" / "A - One" / "drums.wav"
    soundfile.write(path, np.full((2 * RATE, 2), np.nan, np.float32), RATE, "FLOAT")
    with pytest.raises(UserError, match=r"A - One/drums\.wav: holds NaN .* at 0\.000 s"):
        score(folders)


def test_empty_and_missing_folders_are_one_line(folders, tmp_path):
    with pytest.raises(UserError, match="nowhere: holds no tracks; put each track's sources"):
        score((folders[0], tmp_path / "nowhere"))
    with pytest.raises(UserError, match="A - One: is no track of"):
        score((tmp_path / "nowhere", folders[1]))


def test_accents_may_be_written_in_two_ways(folders):
    """Disks of a Mac take accents apart."""
    references, estimates = folders
    (references / "test" / "A - One").rename(references / "test" / "A - Caf\u00e9")
    (estimates / "test" / "A - One").rename(estimates / "test" / "A - Cafe\u0301")
    assert score(folders)[0].track == "A - Caf\u00e9"


def test_what_a_mac_leaves_is_no_track_and_no_source(folders):
    estimates = folders[1]
    (estimates / "test" / "A - One" / "._bass.wav").write_bytes(b"Mac OS X")
    shutil.copytree(estimates / "test" / "A - One", estimates / "test" / "__MACOSX")
    assert len(score(folders)) == 2


def test_two_files_of_one_source_are_refused(folders):
    shutil.copy(
        *(folders[1] / "test" / "A - One" / f"{name}" for name in ("bass.wav", "bass.flac"))
    )
    with pytest.raises(UserError, match=r"has bass\.flac and bass\.wav as estimate of bass"):
        score(folders)
