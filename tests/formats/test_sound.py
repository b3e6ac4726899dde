"""Every sample that a file holds, whatever its header says of them."""

import os
import shutil

import numpy as np
import pytest
import soundfile

from hdemucs.errors import UserError
from hdemucs.formats import ffmpeg
from hdemucs.formats.sound import look, opened
from tests.formats.conftest import RATE, run_ffmpeg, samples_by_ffmpeg

WAYS = {  # name -> ffmpeg's words
    "variable rate without an index.mp3": ["-q:a", "4", "-write_xing", "0"],
    "constant rate without an index.mp3": ["-b:a", "64k", "-write_xing", "0"],
    "with an index.mp3": ["-q:a", "4"],
    "aac.m4a": ["-c:a", "aac"],
    "lossless.m4a": ["-c:a", "alac"],
    "vorbis.ogg": [],
    "opus.opus": ["-ar", "48000"],
    "lossless.flac": [],
    "double.wav": ["-c:a", "pcm_f64le"],
    "companded.wav": ["-c:a", "pcm_mulaw"],
    "large.w64": [],
    "apple.caf": [],
    "windows.wma": [],
    "film.mkv": ["-c:a", "ac3"],
}


@pytest.mark.parametrize("name", WAYS)
def test_a_file_is_what_ffmpeg_decodes_of_it(loud_end, tmp_path, name):
    path = tmp_path / name
    run_ffmpeg("-i", loud_end, *WAYS[name], path)
    look(path)
    expected = samples_by_ffmpeg(path)
    with opened(path) as sound:
        assert sound.frames == expected.shape[1] >= 4.99 * sound.rate
        np.testing.assert_allclose(sound.read(), expected, atol=1e-2)
        np.testing.assert_array_equal(sound.read(1000, 500), sound.read()[:, 1000:1500])


@pytest.mark.parametrize("form", ["wav", "flac", "ogg", "caf", "au", "mp3"])
def test_a_stream_is_read_to_its_end(loud_end, tmp_path, form):
    """Through a pipe, ffmpeg cannot go back to write the length into the header."""
    path = tmp_path / f"stream.{form}"
    path.write_bytes(run_ffmpeg("-i", loud_end, "-f", form, "-"))
    with opened(path) as sound:
        assert sound.frames >= 5 * RATE


@pytest.mark.parametrize("form", ["mp3", "ogg", "flac"])
def test_files_joined_end_to_end_are_read_to_the_last(loud_end, tmp_path, form):
    run_ffmpeg("-i", loud_end, tmp_path / f"one.{form}")
    one = (tmp_path / f"one.{form}").read_bytes()
    (tmp_path / f"two.{form}").write_bytes(one + one)
    with opened(tmp_path / f"two.{form}") as sound:
        assert sound.frames > 1.9 * 5 * RATE


def test_without_ffmpeg_what_libsndfile_may_leave_out_is_refused(loud_end, tmp_path, monkeypatch):
    run_ffmpeg("-i", loud_end, "-q:a", "4", "-write_xing", "0", tmp_path / "a.mp3")
    run_ffmpeg("-i", loud_end, "-b:a", "64k", "-write_xing", "0", tmp_path / "whole.mp3")
    run_ffmpeg("-i", loud_end, tmp_path / "a.m4a")
    (tmp_path / "stream.flac").write_bytes(run_ffmpeg("-i", loud_end, "-f", "flac", "-"))
    whole = samples_by_ffmpeg(tmp_path / "whole.mp3").shape[1]
    monkeypatch.setattr(ffmpeg, "program", lambda: None)
    for name in ("a.mp3", "a.m4a", "stream.flac"):
        with pytest.raises(UserError, match="put the ffmpeg program on the path, or convert"):
            opened(tmp_path / name).__enter__()
    with opened(tmp_path / "whole.mp3") as sound:
        assert sound.frames == whole


@pytest.mark.parametrize("form", ["flac", "mp3", "m4a", "wav"])
def test_half_a_download_is_refused(loud_end, tmp_path, form):
    words = ["-movflags", "faststart"] if form == "m4a" else []
    run_ffmpeg("-i", loud_end, *words, tmp_path / f"whole.{form}")
    content = (tmp_path / f"whole.{form}").read_bytes()
    (tmp_path / f"half.{form}").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=rf"half\.{form}: is (truncated|damaged|not a readable)"):
        opened(tmp_path / f"half.{form}").__enter__()


UNREADABLE = {
    "empty.wav": b"",
    "text.wav": b"no sound",
    "text.mp3": b"no sound" * 100,
    "headerless.raw": bytes(range(256)) * 40,
    "._song.wav": b"\0\x05\x16\x07\0\2\0\0Mac OS X        " + bytes(100),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("there", [True, False], ids=["ffmpeg", "no ffmpeg"])
def test_no_sound_is_one_line(tmp_path, name, there, monkeypatch):
    (tmp_path / name).write_bytes(UNREADABLE[name])
    if not there:
        monkeypatch.setattr(ffmpeg, "program", lambda: None)
    for use in (look, lambda path: opened(path).__enter__()):
        with pytest.raises(UserError, match="is not a readable sound file") as told:
            use(tmp_path / name)
        assert told.value.parts[0] == str(tmp_path / name) and "\n" not in str(told.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("suffix", ["wav", "caf"])
def test_a_sample_that_is_no_number_is_refused_with_its_time(tmp_path, bad, suffix):
    x = np.zeros((2 * RATE, 2), np.float32)
    x[RATE + RATE // 2, 1] = bad
    soundfile.write(tmp_path / f"a.{suffix}", x, RATE, "FLOAT")
    with opened(tmp_path / f"a.{suffix}") as sound:
        assert sound.read(0, RATE).shape == (2, RATE)
        with pytest.raises(UserError, match=r"NaN or infinite samples, the first at 1\.500 s"):
            sound.read(RATE)


@pytest.mark.parametrize("name", [b"na\xefve.flac", b"line\nbreak.flac", b"12:30.flac", b"-y.flac"])
def test_names_are_bytes(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    soundfile.write(tmp_path / "plain.flac", np.zeros((99, 2)), RATE)
    shutil.copy(tmp_path / "plain.flac", path)
    with opened(path) as sound:
        assert sound.frames == 99


def test_an_alphabet_of_names_for_ffmpeg(loud_end, tmp_path):
    run_ffmpeg("-i", loud_end, tmp_path / "plain.m4a")
    shutil.copy(tmp_path / "plain.m4a", tmp_path / "http:: %03d 'x'.m4a")
    with opened(tmp_path / "http:: %03d 'x'.m4a") as sound:
        assert sound.frames >= 5 * RATE
