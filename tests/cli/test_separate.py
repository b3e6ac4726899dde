"""`hdemucs separate`: any sound file in, one file a stem out."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from hdemucs import audio
from hdemucs.cli import main
from hdemucs.models.family import build
from hdemucs.models.store import save_model
from tests.family import FAMILY
from tests.toy import heeding

RATE = 16_000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    config = FAMILY["hybrid"]
    save_model(folder, build(config, 0), config, {"variant": "tiny", "sample_rate": RATE})
    return folder


def song(path, rate=RATE, channels=2, seconds=1.5):
    noise = np.random.default_rng(0).normal(0, 0.1, (channels, int(seconds * rate)))
    audio.write(path, noise.astype("float32"), rate)


def separate(*words):
    main(["separate", *map(str, words), "--segment", "1", "--device", "cpu"])


@pytest.mark.parametrize(("rate", "channels"), [(RATE, 2), (44_100, 1), (48_000, 2)])
def test_four_stems_as_long_as_the_song(model, tmp_path, rate, channels):
    song(tmp_path / "a song.wav", rate, channels)
    separate(tmp_path / "a song.wav", "--model", model, "--out", tmp_path / "out")
    stems = sorted((tmp_path / "out" / "a song").iterdir())
    assert [stem.name for stem in stems] == ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]
    for stem in stems:
        found = audio.inspect(stem)
        assert (found.rate, found.channels, found.subtype) == (RATE, 2, "PCM_24")
        assert abs(found.seconds - 1.5) < 1e-3


def test_bf16_is_asked_for_told_and_near(model, tmp_path, capsys):
    song(tmp_path / "a.wav")
    found = {}
    for precision in ("fp32", "bf16"):
        out = tmp_path / precision
        separate(tmp_path / "a.wav", "--model", model, "--out", out, "--precision", precision)
        found[precision], _ = soundfile.read(next(out.rglob("vocals.wav")))
        assert ("(bf16)" in capsys.readouterr().out) == (precision == "bf16")
    error = np.abs(found["fp32"] - found["bf16"]).max()
    assert 0 < error < 0.05 * np.abs(found["fp32"]).max()


def test_two_stems_add_up_to_the_four(model, tmp_path):
    (tmp_path / "songs").mkdir()
    song(tmp_path / "songs" / "a.flac")
    common = ("--model", model, "--format", "flac", "--bits", 24, "--shifts", 0)
    separate(tmp_path / "songs", *common, "--out", tmp_path / "four")
    separate(tmp_path / "songs", *common, "--out", tmp_path / "two", "--two-stems", "vocals")
    four = {p.stem: audio.read(p) for p in (tmp_path / "four" / "a").iterdir()}
    two = {p.stem: audio.read(p) for p in (tmp_path / "two" / "a").iterdir()}
    assert set(two) == {"vocals", "no_vocals"}
    np.testing.assert_array_equal(two["vocals"], four["vocals"])
    rest = four["drums"] + four["bass"] + four["other"]
    np.testing.assert_allclose(two["no_vocals"], rest, atol=3 * 2**-23)


def test_float_stems_keep_what_is_beyond_full_scale(model, tmp_path, capsys):
    song(tmp_path / "a.wav", 44_100)
    path = tmp_path / "loud.wav"
    audio.write(path, 40 * audio.read(tmp_path / "a.wav"), 44_100, bits=0)
    separate(path, "--model", model, "--out", tmp_path / "out", "--bits", "float")
    said = capsys.readouterr().out
    assert f"has 44100 Hz, and its stems the model's {RATE} Hz" in said
    assert "clipped" not in said
    stems = [tmp_path / "out" / "loud" / f"{name}.wav" for name in ("drums", "other")]
    assert {audio.inspect(stem).subtype for stem in stems} == {"FLOAT"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.wav"], "nowhere.wav: does not exist"),
        (["text.wav"], "text.wav: is not a readable sound file"),
        (["a.wav", "--two-stems", "violin"], "--two-stems violin: is no source of this model"),
        (["a.wav", "--overlap", "1"], "--overlap 1.0: is no share"),
        (["a.wav", "--segment", "nan"], "--segment nan: is not between 0 and 3600 seconds"),
        (["a.wav", "--segment", "1e99"], "--segment 1e+99: is not between 0 and 3600"),
        (["a.wav", "--overlap", "nan"], "--overlap nan: is no share"),
        (["a.wav", "--shifts", "-1"], "--shifts -1: is not from 0 to 1000"),
        (["a.wav", "--seed", str(1 << 70)], "is not from 0 to 9223372036854775807"),
        (["a.wav", "--device", "cuda:9"], "--device cuda:9: cannot be used"),
        ([], "hdemucs separate: no song is named"),
        (["a.wav", "--test"], "hdemucs separate: songs are named beside --test"),
        (["a.wav", "--format", "flac", "--bits", "32"], "--bits 32: is more than FLAC holds"),
        (
            ["a.wav", "--model", "nothing"],
            "--model nothing: is no folder of a model, and no variant",
        ),
        (["."], "holds no sound file"),
    ],
)
def test_what_cannot_be_is_one_line(model, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    song(tmp_path / "songs.wav" if words == ["."] else tmp_path / "a.wav")
    if words == ["."]:
        (tmp_path / "songs.wav").unlink()
    (tmp_path / "text.wav").write_text("no sound") if "text.wav" in words else None
    with pytest.raises(SystemExit) as end:
        main(["separate", *words, *([] if "--model" in words else ["--model", str(model)])])
    assert said in str(end.value.code)
    assert "\n" not in str(end.value.code)


def test_a_file_that_is_no_sound_ends_no_batch(model, tmp_path, capsys):
    """All are looked at first; the good ones are separated, the others named at the end."""
    songs = tmp_path / "songs"
    for name in ("a.wav", "c/c.wav", "__MACOSX/a.wav", "._a.wav", "out/a/bass.wav"):
        (songs / name).parent.mkdir(parents=True, exist_ok=True)
        song(songs / name, seconds=0.5)
    (songs / "b.mp3").write_text("no sound")
    late = np.zeros((RATE, 2), np.float32)
    late[RATE // 2] = np.nan
    soundfile.write(songs / "late.wav", late, RATE, "FLOAT")
    with pytest.raises(SystemExit) as end:
        separate(songs, "--model", model, "--out", songs / "out")
    assert "2 of 4 songs could not be separated: " in str(end.value.code)
    assert "b.mp3" in str(end.value.code) and "late.wav" in str(end.value.code)
    said = capsys.readouterr()
    assert f"{songs / 'late.wav'}: holds NaN or infinite samples, the first at 0.500 s" in said.err
    made = sorted(str(path.relative_to(songs / "out")) for path in (songs / "out").rglob("*.wav"))
    stems = ("bass", "drums", "other", "vocals")
    assert made == sorted(f"{name}/{stem}.wav" for name in ("a", "c/c") for stem in stems)
    assert not list(songs.rglob("*.tmp"))


def test_a_surround_song_is_mixed_down_and_that_is_said(model, tmp_path, capsys):
    song(tmp_path / "a.flac", channels=6, seconds=0.5)
    separate(tmp_path / "a.flac", "--model", model, "--out", tmp_path / "out")
    assert "a.flac: 6 channels go to stereo by ITU-R BS.775" in capsys.readouterr().out


NAMES = [b"na\xefve.wav", b"two\nlines.wav", b"12:30; a, b.wav", "été ü.wav".encode(), b" .x .wav"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_separated_and_told(model, tmp_path, name, capsys):
    path = tmp_path / os.fsdecode(name)
    song(path, seconds=0.3)
    separate(path, "--model", model, "--out", tmp_path / "out")
    assert len(list((tmp_path / "out" / path.stem).iterdir())) == 4
    assert capsys.readouterr().out.encode().count(b"\n") == 1


def started(model, path, *words, **kinds):
    command = [sys.executable, "-c", "from hdemucs.cli import main; main()", "separate"]
    command += [path, "--model", model, "--out", path.parent / "out", "--shifts", "500", *words]
    return subprocess.Popen(list(map(str, command)), preexec_fn=heeding, **kinds)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_what_is_stopped_leaves_nothing_half_written(model, tmp_path, number, status):
    song(tmp_path / "a.wav", seconds=4)
    process = started(model, tmp_path / "a.wav", stderr=subprocess.PIPE)
    wait_for(lambda: list((tmp_path / "out").glob("a/.*.tmp")))
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == status and b"Traceback" not in said
    assert not list((tmp_path / "out" / "a").iterdir())


def test_what_a_kill_leaves_goes_with_the_next_run(model, tmp_path):
    song(tmp_path / "a.wav", seconds=0.3)
    (tmp_path / "out" / "a").mkdir(parents=True)
    gone, alive = (tmp_path / "out" / "a" / f".bass.wav.{pid}.tmp" for pid in (2**22 + 1, 1))
    gone.touch(), alive.touch()
    separate(tmp_path / "a.wav", "--model", model, "--out", tmp_path / "out")
    assert alive.exists() and not gone.exists()


def test_a_reader_that_leaves_is_no_traceback(model, tmp_path):
    song(tmp_path / "a.wav", seconds=0.3)
    reader, writer = os.pipe()
    os.close(reader)
    process = started(
        model, tmp_path / "a.wav", "--shifts", "0", stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 141 and b"Traceback" not in said and b"Broken" not in said
