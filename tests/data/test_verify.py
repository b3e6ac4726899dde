"""Remarks, the verdict on a folder, and the page and figure made of a manifest."""

import shutil

import numpy as np
import pytest
import soundfile

from hdemucs.datasets.errata import BLEEDING_VOCALS, ERRATA
from hdemucs.datasets.record import record
from hdemucs.datasets.remarks import remarks
from hdemucs.datasets.show import show
from hdemucs.datasets.verify import official_names, verify
from hdemucs.report.data_page import write_data_report
from tests.data.conftest import EXPECTED, RATE, SOURCES, write_track


def manifest(root, name="tiny", valid=("Bob - Two",)):
    return record(root, name, EXPECTED, valid, 1)


def silence(path):
    x, rate = soundfile.read(path)
    soundfile.write(path, 0 * x, rate)


def test_a_good_set_has_no_remarks(musdb_root):
    assert remarks(manifest(musdb_root), 1e-3) == []


def test_oddities_are_remarked_and_forbid_nothing(musdb_root):
    folder = musdb_root / "test" / "Eve - Five"
    silence(folder / "vocals.wav")
    shutil.copy(folder / "drums.wav", folder / "other.wav")
    shutil.copytree(folder, musdb_root / "test" / "Eve - Five again")
    loud, _ = soundfile.read(musdb_root / "test" / "Dan - Four" / "mixture.wav")
    loud[10] = 1
    soundfile.write(musdb_root / "test" / "Dan - Four" / "mixture.wav", loud, RATE)
    said = [str(remark) for remark in remarks(manifest(musdb_root), 1e-3)]
    for place, problem in (
        ("test/Dan - Four", "mixture and sum of the stems differ by up to -"),
        ("test/Dan - Four/mixture.wav", "reaches full scale"),
        ("test/Eve - Five/vocals.wav", "is silent; nothing to do if the song has no"),
        ("test/Eve - Five/other.wav", "is the same file as drums.wav"),
        ("test/Eve - Five again/mixture.wav", "is the same song as Eve - Five"),
    ):
        assert any(line.startswith(f"{place}: {problem}") for line in said), (place, said)


@pytest.mark.parametrize("name", ["musdb18hq", "tiny"])
def test_known_errata_are_matched_by_the_tracks_whatever_the_set_is_called(musdb_root, name):
    names = ["PR - Oh No", BLEEDING_VOCALS[0], "Zed - Fine"]
    for seed, track in enumerate(names):
        write_track(musdb_root / "test" / track, 50 + seed)
    found = [f.subject for f in remarks(manifest(musdb_root, name), 1e-3)]
    assert found == [
        "test/Al James - Schoolboy Facination/other.wav",
        "test/Al James - Schoolboy Facination/vocals.wav",
        "test/PR - Oh No/mixture.wav",
        "test/PR - Oh No/other.wav",
    ]


def test_the_errata_name_stems_that_there_are():
    assert {erratum.stem for erratum in ERRATA} <= {*SOURCES, "mixture"}
    assert len(set(BLEEDING_VOCALS)) == len(BLEEDING_VOCALS)


def test_the_14_official_validation_tracks():
    """As musdb's mus.yaml lists them."""
    names = official_names()
    assert len(names) == 14 == len(set(names))
    assert names[0] == "Actions - One Minute Smile" and names[-1] == "Traffic Experiment - Sirens"


def test_a_folder_is_judged_by_its_own_rate_and_channels(musdb_root):
    verdict = verify(musdb_root, SOURCES, 1e-3, None, 1)
    assert verdict.good and len(verdict.manifest.tracks) == 5
    assert verdict.manifest.sample_rate == RATE
    assert str(verdict).endswith("0 errors, 0 remarks")


def test_all_errors_are_listed(musdb_root):
    (musdb_root / "train" / "Ann - One" / "bass.wav").unlink()
    soundfile.write(musdb_root / "test" / "Dan - Four" / "drums.wav", np.zeros((9, 2)), 2 * RATE)
    verdict = verify(musdb_root, SOURCES, 1e-3, None, 1)
    assert [error.subject for error in verdict.errors] == [
        "train/Ann - One/bass.wav",
        "test/Dan - Four/drums.wav",
    ]
    assert "2 errors, 0 remarks" in str(verdict)


def test_a_folder_with_musdb_s_tracks_is_held_to_its_numbers(musdb_root):
    for seed, name in enumerate(official_names()):
        write_track(musdb_root / "train" / name, 70 + seed, 800)
    verdict = verify(musdb_root, SOURCES, 1e-3, None, 1)
    assert [error.problem for error in verdict.errors] == [
        "has 3 good train tracks where MUSDB18-HQ has 86",
        "has 2 good test tracks where MUSDB18-HQ has 50",
    ]


def test_files_are_held_to_the_committed_manifest(musdb_root):
    known = manifest(musdb_root, "set", valid=())
    path = musdb_root / "test" / "Dan - Four" / "bass.wav"
    x, _ = soundfile.read(path, dtype="int16")
    x[7] += 1
    soundfile.write(path, x, RATE)
    verdict = verify(musdb_root, SOURCES, 1e-3, known, 1)
    assert [error.subject for error in verdict.errors] == ["test/Dan - Four/bass.wav"]
    assert "differs from the file that data/manifest.json describes" in str(verdict)


def test_nothing_there_is_a_verdict_too(tmp_path):
    verdict = verify(tmp_path / "no", SOURCES, 1e-3, None, 1)
    assert [error.problem for error in verdict.errors] == ["is missing"]


def test_show_tells_what_there_is_and_what_is_not(musdb_root, tmp_path, monkeypatch):
    known = manifest(musdb_root, "musdb18hq")
    monkeypatch.setenv("MUSDB_ROOT", str(musdb_root))
    said = show(known, 1e-3, tmp_path)
    assert f"all of it is in {musdb_root}" in said and said.endswith("no remarks")
    monkeypatch.setenv("MUSDB_ROOT", str(tmp_path / "gone"))
    assert "not here: " in show(known, 1e-3, tmp_path)


def test_the_page_and_the_figure_are_of_the_manifest_alone(musdb_root, tmp_path):
    (musdb_root / "test" / "Eve - Five").rename(musdb_root / "test" / "Eve - Five | live")
    silence(musdb_root / "test" / "Dan - Four" / "bass.wav")
    known = manifest(musdb_root)
    write_data_report(known, 1e-3, tmp_path / "a")
    write_data_report(known, 1e-3, tmp_path / "b")
    for name in ("data.md", "figures/data.svg", "figures/data.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    page = (tmp_path / "a" / "data.md").read_text()
    assert "`test/Dan - Four/bass.wav`: is silent" in page
    assert "| Eve - Five \\| live | test |" in page
    assert page.count("\n| ") == (2 + 3) + (2 + 5)  # heads and rows of two tables
    assert str(musdb_root) not in page


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0])
def test_a_header_that_does_not_know_its_length_is_read_whole_and_said(musdb_root, size):
    """As ffmpeg writes it into a pipe, and as a recorder leaves it that was stopped."""
    path = musdb_root / "test" / "Dan - Four" / "drums.wav"
    before = verify(musdb_root, SOURCES, 1e-3, None, 1)
    content = path.read_bytes()
    place = content.index(b"data") + 4
    path.write_bytes(content[:place] + size.to_bytes(4, "little") + content[place + 4 :])
    after = verify(musdb_root, SOURCES, 1e-3, None, 1)
    assert after.errors == before.errors
    said = [str(remark) for remark in after.remarks if remark not in before.remarks]
    assert len(said) == 1 and "drums.wav: its header does not know how long it is" in said[0]
    peaks = [{n: f.peak for n, f in t.files.items()} for t in after.manifest.tracks]
    assert peaks == [{n: f.peak for n, f in t.files.items()} for t in before.manifest.tracks]
