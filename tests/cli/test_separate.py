"""`hdemucs separate`: any sound file in, one file a stem out."""

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.cli import main
from hdemucs.models.family import build
from hdemucs.models.store import save_model
from tests.family import FAMILY

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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.wav"], "nowhere.wav: does not exist"),
        (["text.wav"], "text.wav: is not a readable sound file"),
        (["a.wav", "--two-stems", "violin"], "--two-stems violin: is no source of this model"),
        (["a.wav", "--overlap", "1"], "--overlap 1.0: is no share"),
        (["a.wav", "--device", "cuda:9"], "--device cuda:9: is not to be had"),
        (["a.wav", "--format", "flac", "--bits", "32"], "--bits 32: is more than FLAC holds"),
        (["a.wav", "--model", "nothing"], "nothing/model.json: is missing"),
        (["."], "holds no sound file"),
    ],
)
def test_what_cannot_be_is_one_line(model, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    song(tmp_path / "songs.wav" if words == ["."] else tmp_path / "a.wav")
    if words == ["."]:
        (tmp_path / "songs.wav").unlink()
    (tmp_path / "text.wav").write_text("no sound") if words[0] == "text.wav" else None
    with pytest.raises(SystemExit) as end:
        main(["separate", *words, *([] if "--model" in words else ["--model", str(model)])])
    assert said in str(end.value.code)
    assert "\n" not in str(end.value.code)
