"""What a manifest says, held to torch and pyloudnorm; and every kind of bad data that is known."""

import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from hdemucs.data.manifest import load_manifest, save_manifest
from hdemucs.datasets.examine import active, examine, measured_loudness, moments
from hdemucs.datasets.record import record, surveyed
from hdemucs.errors import UserError
from tests.data.conftest import EXPECTED, NAMES, RATE, SOURCES, write_set

VALID = ("Bob - Two",)


def manifest(root, jobs=1):
    return record(root, "tiny", EXPECTED, VALID, jobs)


def test_a_manifest_tells_tracks_splits_and_files(musdb_root):
    found = manifest(musdb_root)
    assert [(t.name, t.split) for t in found.tracks] == [
        ("Ann - One", "train"),
        ("Bob - Two", "valid"),
        ("Cid - Three", "train"),
        ("Dan - Four", "test"),
        ("Eve - Five", "test"),
    ]
    two = found.tracks[1]
    assert (two.frames, two.seconds, two.residual) == (8100, 1.012, 0.0)
    assert list(two.files) == ["mixture", *SOURCES]
    assert two.files["drums"].path == "train/Bob - Two/drums.wav"
    assert two.files["drums"].size == (musdb_root / two.files["drums"].path).stat().st_size


def test_mean_and_std_are_torch_s_of_the_mono_mixture(musdb_root):
    for track in manifest(musdb_root).tracks:
        x, _ = soundfile.read(musdb_root / track.files["mixture"].path, dtype="float64")
        mono = torch.from_numpy(x).mean(1)
        assert math.isclose(track.mean, mono.mean(), rel_tol=1e-9)
        assert math.isclose(track.std, mono.std(), rel_tol=1e-9)


def test_moments_are_exact_whatever_the_order_of_samples():
    rng = np.random.default_rng(0)
    x = (rng.integers(-(2**15), 2**15, (2, 700_000)) / 2**15).astype(np.float32)
    assert moments(x) == moments(x[:, ::-1]) == moments(x[:, rng.permutation(x.shape[1])])


def test_a_sine_of_997_hz_at_full_scale_on_one_side_has_minus_3_lufs():
    """ITU-R BS.1770-4, annex 1, calibrates the meter so; EBU Tech 3341 allows it 0.1 LU."""
    time = np.arange(3 * 48_000) / 48_000
    x = np.stack([np.sin(2 * np.pi * 997 * time), np.zeros_like(time)]).astype(np.float32)
    assert measured_loudness(x, 48_000) == pytest.approx(-3.01, abs=0.1)
    assert measured_loudness(0 * x, 48_000) is None
    assert measured_loudness(x[:, : 48_000 // 4], 48_000) is None
    assert measured_loudness(1e-5 * x, 48_000) is None  # under the gate of -70 LUFS


def test_the_active_share_counts_seconds_above_60_db_under_full_scale():
    x = np.zeros((2, 10 * RATE), np.float32)
    x[:, : 3 * RATE] = 1.1e-3
    x[:, 5 * RATE : 7 * RATE] = 0.9e-3
    assert active(x, RATE) == 0.3
    assert active(x[:, :100], RATE) == 1.0


def test_the_same_bytes_whatever_the_number_of_processes(musdb_root, tmp_path):
    save_manifest(manifest(musdb_root), tmp_path / "one.json")
    save_manifest(manifest(musdb_root, jobs=2), tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert str(tmp_path) not in (tmp_path / "one.json").read_text()
    assert load_manifest(tmp_path / "one.json") == manifest(musdb_root)


def test_musdb_reads_what_the_manifest_knows(musdb_root):
    musdb = pytest.importorskip("musdb")
    found = {t.name: t for t in manifest(musdb_root).tracks}
    tracks = musdb.DB(str(musdb_root), is_wav=True)
    assert sorted(track.name for track in tracks) == sorted(found)
    for track in tracks:
        assert track.audio.shape == (found[track.name].frames, 2)


# Every fault: how to make it at a track's folder, and the line it gives.


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


def rewrite(path, change=lambda x: x, rate=RATE, **kinds):
    x, _ = soundfile.read(path)
    soundfile.write(path, change(x), rate, **kinds)


def spoil(path, value):
    x, _ = soundfile.read(path)
    x[500, 1] = value
    soundfile.write(path, x, RATE, subtype="FLOAT")


def damaged_header(path):
    path.write_bytes(b"RIFFxxxxWAVE" + path.read_bytes()[40:])


def without_channels(path):
    content = bytearray(path.read_bytes())
    content[22:24] = b"\0\0"
    path.write_bytes(content)


def relink(path):
    path.unlink()
    path.symlink_to("gone.wav")


def as_folder(path):
    path.unlink()
    path.mkdir()


FAULTS = {
    "missing": (lambda p: p.unlink(), r"bass\.wav: is missing; put the file there"),
    "in capitals": (lambda p: p.rename(p.parent / "Bass.WAV"), r"is missing; rename 'Bass.WAV'"),
    "another suffix": (lambda p: p.rename(p.parent / "bass.flac"), r"rename 'bass.flac'"),
    "dangling link": (relink, r"bass\.wav: is a link to a file that is not there"),
    "a folder": (as_folder, r"bass\.wav: cannot be read \(Is a directory\)"),
    "no bytes": (lambda p: p.write_bytes(b""), r"bass\.wav: is no WAV file"),
    "some text": (lambda p: p.write_text("bass line"), r"bass\.wav: is no WAV file"),
    "big-endian": (lambda p: p.write_bytes(b"RIFX" + p.read_bytes()[4:]), "is no WAV file"),
    "header alone": (lambda p: p.write_bytes(p.read_bytes()[:36]), "WAV file without samples"),
    "no format": (damaged_header, r"bass\.wav: is a WAV file without"),
    "no channels": (without_channels, "holds samples of an unknown kind"),
    "no samples": (lambda p: rewrite(p, lambda x: x[:0]), r"bass\.wav: holds no audio"),
    "truncated": (truncate, r"bass\.wav: is truncated"),
    "another rate": (lambda p: rewrite(p, rate=2 * RATE), "sample rate of 16000 Hz where 8000"),
    "mono": (lambda p: rewrite(p, lambda x: x[:, 0]), "is mono where stereo is expected"),
    "surround": (lambda p: rewrite(p, lambda x: np.tile(x, 3)), "is 6 channels where stereo"),
    "shorter": (lambda p: rewrite(p, lambda x: x[:-1]), "is 8099 samples long where the mixture"),
    "longer": (lambda p: rewrite(p, lambda x: np.tile(x, (2, 1))), "is 16200 samples long"),
    "companded": (lambda p: rewrite(p, subtype="ULAW"), "samples of an unknown kind"),
    "ADPCM": (lambda p: rewrite(p, subtype="IMA_ADPCM"), "samples of an unknown kind"),
    "double": (lambda p: rewrite(p, subtype="DOUBLE"), r"unknown kind \(tag 3, 64 bits\)"),
    "8 bits": (lambda p: rewrite(p, subtype="PCM_U8"), r"unknown kind \(tag 1, 8 bits\)"),
    "FLAC inside": (lambda p: rewrite(p, format="FLAC"), r"bass\.wav: is no WAV file"),
    "NaN": (lambda p: spoil(p, np.nan), r"NaN or infinite samples, the first at 0\.062 s"),
    "infinite": (lambda p: spoil(p, np.inf), "holds NaN or infinite samples"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_stem_is_refused_in_one_line_and_nothing_is_lost(musdb_root, fault):
    spoilt, line = FAULTS[fault]
    spoilt(musdb_root / "train" / "Bob - Two" / "bass.wav")
    with pytest.raises(UserError, match=line) as caught:
        manifest(musdb_root)
    assert str(caught.value).startswith(str(musdb_root / "train" / "Bob - Two" / "bass.wav"))
    assert "\n" not in str(caught.value)
    others = surveyed(musdb_root, "tiny", EXPECTED, VALID, 1).manifest.tracks
    assert [track.name for track in others] == [
        "Ann - One",
        "Cid - Three",
        "Dan - Four",
        "Eve - Five",
    ]


def test_a_silent_mixture_is_refused(musdb_root):
    rewrite(musdb_root / "test" / "Eve - Five" / "mixture.wav", lambda x: 0 * x)
    with pytest.raises(UserError, match=r"Eve - Five/mixture\.wav: is silent or constant"):
        manifest(musdb_root)


def empty(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def zipped(root):
    shutil.make_archive(str(root), "zip", root)
    shutil.rmtree(root)
    root.with_suffix(".zip").rename(root)


def compressed(root):
    empty(root / "train")
    (root / "train" / "Ann - One.stem.mp4").write_bytes(b"")


def leak(root):
    shutil.copytree(root / "train" / "Ann - One", root / "test" / "Ann - One (again)")


def one_level_down(root):
    (root / "musdb18hq").mkdir()
    for top in ("train", "test"):
        (root / top).rename(root / "musdb18hq" / top)


def latin(root):
    Path(os.fsdecode(os.fsencode(root) + b"/train/Bj\xf6rk - X")).mkdir()


LAYOUTS = {
    "no root": (shutil.rmtree, "is missing; give the folder that holds train/"),
    "an archive": (zipped, "is no folder; unpack it"),
    "no test": (lambda r: shutil.rmtree(r / "test"), "/test: is missing"),
    "empty train": (lambda r: empty(r / "train"), "/train: holds no tracks"),
    "empty root": (empty, "holds neither train/ nor test/"),
    "one level down": (one_level_down, "one level down; give .*musdb18hq"),
    "compressed stems": (compressed, r"/train: holds MUSDB18's compressed stems"),
    "a valid track missing": (
        lambda r: (r / "train" / "Bob - Two").rename(r / "train" / "Bob - 2"),
        "train/Bob - Two: is named for validation but is missing",
    ),
    "no stems in a folder": (
        lambda r: (r / "train" / "Zed").mkdir(),
        "Zed/mixture.wav: is missing",
    ),
    "a test song in train": (leak, r"again\)/mixture.wav: is the same song as train/Ann - One"),
    "a name in Latin-1": (latin, "has a name that is no UTF-8"),
}


@pytest.mark.parametrize("fault", LAYOUTS)
def test_a_bad_layout_is_refused_in_one_line(musdb_root, fault):
    spoilt, line = LAYOUTS[fault]
    spoilt(musdb_root)
    with pytest.raises(UserError, match=line) as caught:
        manifest(musdb_root)
    assert "\n" not in str(caught.value)


def test_a_root_one_level_too_low_is_refused(musdb_root):
    with pytest.raises(
        UserError, match=r"is one of the set's own folders; give the one above, /.*set$"
    ):
        manifest(musdb_root / "train")


def test_the_line_tells_how_many_more_there_are(musdb_root):
    for split, names in NAMES.items():
        for name in names:
            (musdb_root / split / name / "drums.wav").unlink()
    with pytest.raises(UserError, match=r"`hdemucs data verify .*set` lists 4 more"):
        manifest(musdb_root)


def test_a_survey_of_one_track_needs_no_set(musdb_root):
    found = examine(musdb_root, "train/Ann - One", "train", EXPECTED)
    assert found.track.name == "Ann - One" and not found.errors


@pytest.mark.parametrize("place", ["Live: In Berlin", "a; b: c"])
def test_names_with_colons_and_semicolons_are_told_as_they_are(tmp_path, place):
    root = write_set(tmp_path / place)
    track = root / "train" / "AC: DC; live"
    (root / "train" / "Ann - One").rename(track)
    (track / "bass.wav").write_bytes(b"no sound")
    (track / "vocals.wav").unlink()
    errors = surveyed(root, "tiny", EXPECTED, VALID, jobs=1).errors
    assert {error.subject for error in errors} == {
        "train/AC: DC; live/bass.wav",
        "train/AC: DC; live/vocals.wav",
    }
    assert {error.problem for error in errors if "vocals" in error.subject} == {"is missing"}
