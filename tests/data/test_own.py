"""One's own songs, in the formats and disorder in which they come; extra training tracks."""

import dataclasses
import shutil
import textwrap
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hdemucs.config.data import FetchConfig, OwnConfig
from hdemucs.data.manifest import load_manifest, save_manifest
from hdemucs.data.segments import Segments
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.fetch import fetch
from hdemucs.datasets.own import fetch_own, load_own
from hdemucs.datasets.place import where
from hdemucs.datasets.present import present
from hdemucs.errors import UserError
from tests.data.conftest import EXPECTED, RATE, SOURCES, write_track
from tests.formats.conftest import run_ffmpeg

BAND = """
    name: band
    root: songs
    splits: {train: ["*"], valid: ["02*"], test: ["03*"]}
    stems:
      drums: ["kick.*", "snare*"]
      bass: ["bass*"]
      other: ["*gtr*", "keys/*"]
      vocals: ["*VOX*"]
    missing: silence
    sample_rate: convert
    channels: convert
    lengths: convert
"""


def tone(frequency, seconds=1.0, rate=RATE, channels=2, gain=0.2):
    time = np.arange(round(seconds * rate)) / rate
    return np.repeat(gain * np.sin(2 * np.pi * frequency * time)[:, None], channels, axis=1)


def put(path, signal, rate=RATE, **kinds):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, signal, rate, **kinds)


@pytest.fixture
def band(tmp_path):
    """Three songs: several files a stem, FLAC, AIFF, OGG, mono, other rates and lengths."""
    songs = tmp_path / "songs"
    for number, name in enumerate(("01 Opener", "02 Middle", "03 Last")):
        put(songs / name / "kick.wav", tone(60))
        put(songs / name / "Snare top.aiff", tone(200, channels=1, gain=0.1))
        put(songs / name / "bass DI.flac", tone(80 + number, seconds=0.9), subtype="PCM_24")
        put(songs / name / "Lead Gtr.wav", tone(440, rate=16_000), 16_000, subtype="FLOAT")
        put(songs / name / "keys" / "piano.wav", tone(330))
        put(songs / name / "lead vox.ogg", tone(500))
        (songs / name / "notes.txt").write_text("take 3")
    (songs / "readme.md").write_text("")
    (tmp_path / "band.yaml").write_text(textwrap.dedent(BAND))
    return tmp_path


def converted(band, jobs=1, expected=EXPECTED, **changes):
    own = dataclasses.replace(load_own(band / "band.yaml"), **changes)
    return fetch_own(own, expected, band / "out", jobs)


def heard(band, name, split="train"):
    x, rate = soundfile.read(band / "out" / split / "01 Opener" / f"{name}.wav", always_2d=True)
    assert rate == RATE and x.shape == (RATE, 2)
    return x


def test_songs_are_converted_to_musdb_s_layout(band):
    manifest = converted(band)
    assert [(t.name, t.split, t.frames) for t in manifest.tracks] == [
        ("01 Opener", "train", RATE),
        ("02 Middle", "valid", RATE),
        ("03 Last", "test", RATE),
    ]
    middle = slice(500, -500)  # resampling rings at the ends
    np.testing.assert_allclose(heard(band, "drums"), tone(60) + tone(200, gain=0.1), atol=1e-4)
    np.testing.assert_allclose(heard(band, "bass")[:7200], tone(80, seconds=0.9), atol=1e-6)
    assert not heard(band, "bass")[7200:].any()
    np.testing.assert_allclose(
        heard(band, "other")[middle], (tone(440) + tone(330))[middle], atol=2e-3
    )
    stems = sum(heard(band, source) for source in SOURCES)
    np.testing.assert_allclose(heard(band, "mixture"), stems, atol=4 / 2**23)
    assert len(Segments(band / "out", manifest, "train", 4000, 1000)) == 5


def test_the_same_songs_give_the_same_bytes(band):
    one = converted(band)
    assert converted(band) == one
    assert [path.name for path in band.glob(".out*")] == [".out.lock"]


def test_a_loud_track_is_turned_down_as_a_whole(band):
    put(band / "songs" / "01 Opener" / "kick.wav", tone(60, gain=0.95))
    put(band / "songs" / "01 Opener" / "bass DI.flac", tone(60, gain=0.95))
    manifest = converted(band)
    assert manifest.tracks[0].files["mixture"].peak <= 1
    assert manifest.tracks[0].residual < 1e-6
    ratio = np.abs(heard(band, "vocals")).max() / np.abs(heard(band, "bass")).max()
    assert ratio == pytest.approx(0.2 / 0.95, rel=0.05)


def test_a_mixture_of_its_own_is_kept(band):
    own = load_own(band / "band.yaml")
    for number, song in enumerate(sorted((band / "songs").glob("0*"))):
        put(song / "master.wav", tone(100, gain=0.2 + 0.1 * number))
    stems = {**own.stems, "mixture": ("master.*",)}
    manifest = converted(band, stems=stems)
    np.testing.assert_allclose(heard(band, "mixture"), tone(100), atol=2**-15)  # 16 bits
    assert manifest.tracks[0].residual > 0.1


def test_other_sources_and_mono(band):
    own = load_own(band / "band.yaml")
    stems = {"voice": own.stems["vocals"], "band": ("kick.*", "bass*")}
    expected = Expected(("voice", "band"), RATE, 1)
    manifest = converted(band, expected=expected, stems=stems)
    assert manifest.sources == ("voice", "band") and manifest.channels == 1
    assert list(manifest.tracks[0].files) == ["mixture", "voice", "band"]


def test_an_instrument_that_a_song_lacks_is_silent(band):
    (band / "songs" / "01 Opener" / "lead vox.ogg").unlink()
    manifest = converted(band)
    assert manifest.tracks[0].files["vocals"].peak == 0
    with pytest.raises(UserError, match=r"01 Opener: has no file for vocals \(\*VOX\*\); add one"):
        converted(band, missing="refuse")


def nan(path):
    x, rate = soundfile.read(path)
    x[3] = np.nan
    soundfile.write(path, x, rate, subtype="FLOAT")


def quadrophony(path):
    put(path, tone(60, channels=4))


SONG = "songs/01 Opener"
FAULTS = {
    "another rate": ({"sample_rate": "refuse"}, None, r"Lead Gtr\.wav: has a sample rate of 16000"),
    "mono": ({"channels": "refuse"}, None, r"Snare top\.aiff: has 1 channels where 2 are"),
    "shorter": ({"lengths": "refuse"}, None, "/bass: is 7200 samples long where the track's"),
    "quadrophony": ({}, quadrophony, r"kick\.wav: has 4 channels where 2 are expected; mix it"),
    "NaN": ({}, nan, r"kick\.wav: holds NaN or infinite samples, the first at 0\.000 s"),
    "text": ({}, lambda p: p.write_text("kick"), r"kick\.wav: is not a readable sound file"),
    "empty": ({}, lambda p: p.write_bytes(b""), r"kick\.wav: is not a readable sound file"),
    "no samples": ({}, lambda p: put(p, tone(60)[:0]), r"kick\.wav: holds no audio"),
    "two patterns": (
        {"stems": dict.fromkeys(SOURCES, ("kick.*",))},
        None,
        r"kick\.wav: is matched by the patterns of drums and of bass; make the patterns match",
    ),
    "no stem at all": (
        {"stems": dict.fromkeys(SOURCES, ("nothing",))},
        None,
        r"band\.stems\.drums: 'nothing' matches no file of any song; correct or remove it",
    ),
    "a stem too many": (
        {"stems": {**{s: (s,) for s in SOURCES}, "strings": ("x",)}},
        None,
        r"band\.stems\.strings: is no source of the study",
    ),
    "a stem too few": ({"stems": {"drums": ("x",)}}, None, r"band\.stems\.bass: is missing; give"),
    "no folder": ({"root": "/nowhere"}, None, "/nowhere: is no folder; correct `root`"),
    "no track": ({"splits": {"test": ("*",)}}, None, "holds no folder that splits.train matches"),
    "no such folder": (
        {"splits": {"train": ("*",), "test": ("03 List",)}},
        None,
        r"band\.splits\.test: '03 List' matches no folder of .*songs; did you mean '03 Last'\?",
    ),
    "two splits": (
        {"splits": {"train": ("*", "03 Last"), "test": ("03 Last",)}},
        None,
        r"band\.splits\.test: '03 Last' is in splits\.train, too; a song can be in one split only",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_in_one_line_and_leaves_nothing(band, fault):
    changes, spoil, line = FAULTS[fault]
    if spoil is not None:
        spoil(band / SONG / "kick.wav")
    with pytest.raises(UserError, match=line) as caught:
        converted(band, **changes)
    assert "\n" not in str(caught.value)
    assert not (band / "out").exists() and not list(band.glob(".out.part"))


SPLITS = [
    ("Song [Live]", ("Song [Live]",)),  # brackets are a set of letters in a pattern
    ("Caf\u00e9", ("Cafe\u0301",)),  # disks of a Mac take accents apart
    ("Cafe\u0301", ("Caf\u00e9",)),
    ("Cafe\u0301 2", ("Caf\u00e9*",)),
    ("*", ("*",)),
]


@pytest.mark.parametrize(("name", "test"), SPLITS)
def test_a_name_means_the_song_of_that_name(band, name, test):
    (band / "songs" / "03 Last").rename(band / "songs" / name)
    manifest = converted(band, splits={"train": ("0*",), "valid": ("02*",), "test": test})
    assert [track.split for track in manifest.tracks] == ["train", "valid", "test"]
    assert [t.name for t in manifest.split("test")] == [unicodedata.normalize("NFC", name)]


def test_a_name_wins_over_patterns_of_later_splits(band):
    manifest = converted(band, splits={"train": ("03 Last",), "test": ("*",)})
    splits = {track.name: track.split for track in manifest.tracks}
    assert splits == {"01 Opener": "test", "02 Middle": "test", "03 Last": "train"}


def test_surround_is_mixed_down_and_what_is_left_out_is_said(band, capsys):
    left = tone(60) * [1, 0]
    put(band / SONG / "kick.wav", np.pad(left, ((0, 0), (0, 4))))
    put(band / SONG / "click.wav", tone(900))
    put(band / "songs" / "04 Demo" / "kick.wav", tone(60))
    (band / SONG / "._kick.wav").write_bytes(b"Mac OS X")
    converted(band, splits={"train": ("01*",), "valid": ("02*",), "test": ("03*",)})
    np.testing.assert_allclose(heard(band, "drums"), left + tone(200, gain=0.1), atol=1e-4)
    said = capsys.readouterr().err
    assert "01 Opener/kick.wav: 6 channels go to stereo by ITU-R BS.775\n" in said
    assert "01 Opener/click.wav: matches no pattern, so it is left out\n" in said
    assert "04 Demo: is in no split, so it is left out\n" in said


def test_every_sample_of_an_mp3_without_an_index_is_used(band):
    """By its header it is far shorter: its first frames are quiet."""
    x = np.concatenate([1e-4 * tone(50, 20), tone(60, 20)])
    put(band / "x.wav", x)
    run_ffmpeg("-i", band / "x.wav", "-q:a", "4", "-write_xing", "0", band / SONG / "kick.mp3")
    (band / SONG / "kick.wav").unlink()
    (band / SONG / "Snare top.aiff").unlink()
    manifest = converted(band)
    assert manifest.tracks[0].seconds >= 40
    assert manifest.tracks[0].files["drums"].active > 0.4


def test_silent_songs_are_refused(band):
    for path in (band / SONG).rglob("*.*"):
        if path.suffix != ".txt":
            path.unlink()
    put(band / SONG / "kick.wav", 0 * tone(60))
    with pytest.raises(UserError, match=r"01 Opener/mixture\.wav: is silent or constant"):
        converted(band)


YAMLS = {
    "a missing file": (None, r"band\.yaml: is missing; write it as hdemucs/datasets/own\.py shows"),
    "no YAML": ("name: [", r"band\.yaml: is no YAML"),
    "no mapping": ("- band", r"band\.yaml: holds no mapping"),
    "an unknown key": (BAND + "    rate: 3\n", r"band\.yaml\.rate: is no known parameter"),
    "a missing key": (BAND.replace("missing: silence", ""), r"band\.yaml\.missing: is missing"),
    "a wrong word": (BAND.replace("silence", "guess"), r"band\.yaml\.missing: is 'guess'"),
    "a wrong split": (BAND.replace("valid:", "dev:"), r"band\.yaml\.splits\.dev"),
    "a name with a slash": (BAND.replace("name: band", "name: my/band"), r"band\.yaml\.name: is"),
}


@pytest.mark.parametrize("fault", YAMLS)
def test_a_bad_description_is_refused_in_one_line(tmp_path, fault):
    content, line = YAMLS[fault]
    if content is not None:
        (tmp_path / "band.yaml").write_text(textwrap.dedent(content))
    with pytest.raises(UserError, match=line) as caught:
        load_own(tmp_path / "band.yaml")
    assert "\n" not in str(caught.value)


def test_a_description_is_the_same_on_every_machine(band, monkeypatch):
    monkeypatch.chdir(band)
    own = load_own(Path("band.yaml"))
    assert own.root == "songs"
    manifest = fetch(study(own), band, jobs=1)
    monkeypatch.chdir("/")
    assert fetch(study(own), band, jobs=1) == manifest


# The paper's Track B: MUSDB18-HQ and more


def study(main, *extra):
    audio = {"sources": SOURCES, "sample_rate": RATE, "channels": 2, "residual": 1e-3}
    return FetchConfig(**audio, data=main, extra=extra)


@pytest.fixture
def more(tmp_path):
    """Songs in MUSDB's layout as a set of one's own, all to train on."""
    for seed, name in enumerate(("Ann - One", "Xen - More")):
        write_track(tmp_path / "more" / name, 100 + seed, 6000)
    stems = {source: (f"{source}.wav",) for source in SOURCES}
    splits = {"train": ("*",)}
    policies = dict.fromkeys(("missing", "sample_rate", "channels", "lengths"), "refuse")
    root = str(tmp_path / "more")
    return OwnConfig(kind="own", name="more", root=root, splits=splits, stems=stems, **policies)


def test_extra_tracks_train_beside_the_data_set(band, more, tmp_path):
    own = load_own(band / "band.yaml")
    config = study(own, more)
    manifest = fetch(config, tmp_path, jobs=1)
    names = [track.name for track in manifest.split("train")]
    prefix = names[-1].removesuffix(" Xen - More")
    assert names == ["01 Opener", f"{prefix} Ann - One", f"{prefix} Xen - More"]
    assert len(manifest.split("test")) == 1
    root = present(manifest, config, tmp_path, jobs=1)
    assert root == where(manifest.name, tmp_path)
    segments = Segments(root, manifest, "train", 4000, 1000)
    assert len(segments) == 5 + 3 + 3
    assert segments.batch([0, 5, 8]).isfinite().all()
    save_manifest(manifest, tmp_path / "m.json")
    assert load_manifest(tmp_path / "m.json") == manifest
    assert fetch(config, tmp_path, jobs=1) == manifest


def test_musdb_reads_the_joined_set(band, more, tmp_path):
    musdb = pytest.importorskip("musdb")
    manifest = fetch(study(load_own(band / "band.yaml"), more), tmp_path, jobs=1)
    root = where(manifest.name, tmp_path)
    found = musdb.DB(str(root), is_wav=True, sample_rate=RATE)
    assert sorted(track.name for track in found) == sorted(t.name for t in manifest.tracks)


def test_a_study_needs_tracks_to_validate_and_to_test(more, tmp_path):
    with pytest.raises(UserError, match=r"has no valid tracks; give it some under splits\.valid"):
        fetch(study(more), tmp_path, jobs=1)


def test_an_instrumental_is_tested_on_but_not_instrumentals_alone(band, tmp_path):
    """What scoring and training could not use is refused before both."""
    (band / "songs" / "03 Last" / "lead vox.ogg").unlink()
    with pytest.raises(UserError, match=r"vocals: is silent in all 1 test tracks; add a song with"):
        fetch(study(load_own(band / "band.yaml")), tmp_path, jobs=1)
    shutil.copytree(band / SONG, band / "songs" / "03 Next")
    put(band / "songs" / "03 Next" / "kick.wav", tone(70))
    manifest = fetch(study(load_own(band / "band.yaml")), tmp_path, jobs=1)
    assert [track.files["vocals"].peak > 0 for track in manifest.split("test")] == [False, True]


def test_extra_tracks_may_not_be_tested_on(band, tmp_path):
    own = load_own(band / "band.yaml")
    with pytest.raises(UserError, match=r"is extra data, yet '02 Middle' is to valid; put all its"):
        fetch(study(own, dataclasses.replace(own, name="again")), tmp_path, jobs=1)


def test_an_extra_song_that_is_tested_on_is_refused(band, more, tmp_path):
    own = load_own(band / "band.yaml")
    main = converted(band)
    last = band / "out" / "test" / main.tracks[2].name
    for source in (*SOURCES, "mixture"):
        x, _ = soundfile.read(last / f"{source}.wav")
        put(tmp_path / "more" / "Renamed" / f"{source}.flac", x, subtype="PCM_24")
    stems = {source: (f"{source}.*",) for source in SOURCES}
    with pytest.raises(UserError, match=r"Renamed/mixture\.wav: is the same song as test/03 Last"):
        fetch(study(own, dataclasses.replace(more, stems=stems)), tmp_path, jobs=1)


def test_another_description_is_another_data_set(band, more, tmp_path):
    own = load_own(band / "band.yaml")
    plain, joined = fetch(study(own), tmp_path, 1), fetch(study(own, more), tmp_path, 1)
    assert plain.name != joined.name and joined.name.startswith(plain.name)
    shutil.rmtree(where(joined.name, tmp_path))
    with pytest.raises(UserError, match="is missing, with the data set band-"):
        present(joined, study(own, more), tmp_path, 1)


def test_what_is_wrong_with_a_song_is_told_whatever_its_name(band):
    home = band.parent / "Live: In Berlin; 2"
    shutil.copytree(band, home)
    (home / "songs" / "01 Opener").rename(home / "songs" / "01 AC: DC; live")
    (home / "songs" / "01 AC: DC; live" / "kick.wav").write_bytes(b"no sound")
    own = load_own(home / "band.yaml")
    with pytest.raises(UserError) as told:
        fetch_own(own, EXPECTED, home / "out", 1)
    assert told.value.parts[0] == str(home / "songs" / "01 AC: DC; live" / "kick.wav")
