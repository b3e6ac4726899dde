"""Automix: what is measured is right, and what is mixed fits."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from hdemucs.automix.harmony import histogram, transposition
from hdemucs.automix.links import joined
from hdemucs.automix.match import Fit, Song, fit, shift
from hdemucs.automix.mix import automix
from hdemucs.automix.rhythm import beats, onsets, tempo
from hdemucs.config.automix import AutomixConfig
from hdemucs.data.manifest import File, Manifest, Track
from hdemucs.errors import UserError

RATE, SOURCES = 16_000, ("drums", "bass", "other", "vocals")
CONFIG = AutomixConfig(
    seed=4321, copies=2, plain_copies=1,
    max_tempo=0.15, max_pitch=3, max_shift=4.0, grid=0.005, blur=2.0,
)  # fmt: skip


def drums(bpm, seconds=12.0, first=0.3):
    """A decaying burst of noise at every beat."""
    rng, out = np.random.default_rng(0), np.zeros(int(seconds * RATE))
    for beat in np.arange(first, seconds - 0.1, 60 / bpm):
        start = int(beat * RATE)
        out[start : start + 1600] += rng.standard_normal(1600) * np.exp(-np.arange(1600) / 300)
    return 0.3 * out / np.abs(out).max()


def bass(semitones, seconds=12.0):
    """A scale over A, transposed."""
    notes = np.tile(np.array([0, 0, 0, 7, 7, 5]) + semitones, 10)[: int(2 * seconds)]
    time = np.arange(RATE // 2) / RATE
    return np.concatenate([0.3 * np.sin(2 * np.pi * 110 * 2 ** (n / 12) * time) for n in notes])


@pytest.mark.parametrize("bpm", [84.0, 100.0, 126.0, 140.0])
def test_tempo_and_beats_of_drums(bpm):
    envelope = onsets(drums(bpm), RATE)
    assert tempo(envelope, RATE) == pytest.approx(bpm, rel=0.02)
    found = beats(envelope, RATE, bpm)
    expected = np.arange(0.3, 11.9, 60 / bpm)
    late = np.abs(found[:, None] - expected).min(1)
    assert len(found) == pytest.approx(len(expected), abs=2)
    assert np.median(late) < 0.03


@pytest.mark.parametrize("semitones", [-3, -1, 0, 2, 5])
def test_keys_of_basses_are_apart_by_their_transposition(semitones):
    assert transposition(histogram(bass(semitones), RATE), histogram(bass(0), RATE)) == semitones


def test_silence_has_no_key():
    assert not histogram(np.zeros(RATE), RATE).any()


def a_song(bpm, first=0.3, semitones=0):
    found = tuple(np.arange(first, 12, 60 / bpm).tolist())
    return Song("x", 0, float(bpm), found, histogram(bass(semitones), RATE))


def test_songs_fit_if_tempo_and_key_are_near():
    reference = a_song(120)
    near = fit(reference, a_song(110, semitones=2), CONFIG)
    assert (near.speed, near.semitones) == (pytest.approx(120 / 110), -2)
    assert fit(reference, a_song(60), CONFIG).speed == pytest.approx(1)
    assert fit(reference, a_song(85), CONFIG) is None
    assert fit(reference, a_song(120, semitones=5), CONFIG) is None


@pytest.mark.parametrize("late", [-0.2, 0.1, 0.24])
def test_beats_are_moved_onto_beats(late):
    moved = shift(a_song(100, first=1.0), Fit(a_song(100, first=1.0 + late), 1.0, 0), CONFIG)
    off = (moved + late + 0.3) % 0.6 - 0.3  # a beat more or less is as good
    assert abs(off) <= CONFIG.grid


def song_on_disk(root, name, bpm, semitones, *, silent_drums=False, first=0.3):
    folder = root / "train" / name
    folder.mkdir(parents=True)
    time = np.arange(12 * RATE) / RATE
    stems = [
        drums(bpm, first=first) * (not silent_drums),
        bass(semitones),
        0.1 * np.sin(700 * time),
        0.1 * np.sin(2000 * time),
    ]
    files = {}
    for source, mono in zip((*SOURCES, "mixture"), [*stems, sum(stems)], strict=True):
        soundfile.write(folder / f"{source}.wav", np.stack([mono, mono], 1), RATE)
        measures = {"size": 1, "sha256": "", "peak": 0.9, "loudness": None, "active": 1.0}
        files[source] = File(path=f"train/{name}/{source}.wav", **measures)
    moments = {"mean": 0.0, "std": 0.2, "residual": 0.0, "frames": len(time), "seconds": 12.0}
    return Track(name=name, split="train", files=files, **moments)


# Name, beats a minute, semitones over A, seconds of the first beat: each fits the others.
FITTING = (
    ("Ann - One", 100.0, 0, 0.3),
    ("Bob - Two", 108.0, 2, 0.5),
    ("Cid - Three", 96.0, -1, 0.1),
)


@pytest.fixture(scope="module")
def mixes(tmp_path_factory):
    root = tmp_path_factory.mktemp("songs")
    tracks = (
        *(song_on_disk(root, name, bpm, key, first=first) for name, bpm, key, first in FITTING),
        song_on_disk(root, "Dan - Four", 96, -1, silent_drums=True),
    )
    manifest = Manifest(name="songs", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tracks)
    outs = [root.parent / f"{root.name}-out-{jobs}" for jobs in (1, 2)]
    for jobs, out in enumerate(outs, start=1):
        automix(root, manifest, out, CONFIG, jobs)
    return manifest, outs


def test_every_song_gets_its_mixes(mixes):
    names = sorted(folder.name for folder in (mixes[1][0] / "train").iterdir())
    expected = [
        f"Automix {n} - {song}"
        for song in ("Ann - One", "Bob - Two", "Cid - Three")
        for n in (1, 2)
    ]
    assert names == sorted([*expected, "Automix 1 - Dan - Four"])


def test_the_jobs_do_not_change_a_byte(mixes):
    one, two = mixes[1]
    for path in one.rglob("*.wav"):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()


def test_stems_add_up_and_have_one_length(mixes):
    for folder in (mixes[1][0] / "train").iterdir():
        signals = {
            path.stem: soundfile.read(path, dtype="int16")[0].astype(int)
            for path in folder.iterdir()
        }
        mixture = signals.pop("mixture")
        assert np.array_equal(sum(signals.values()), mixture)
        assert np.abs(mixture).max() < 2**15 - 1


def test_mixes_keep_the_references_tempo(mixes):
    """Whoever's drums they are, they beat as the song they were mixed upon."""
    for name, bpm in (("Ann - One", 100), ("Bob - Two", 108), ("Cid - Three", 96)):
        for copy in (1, 2):
            path = mixes[1][0] / "train" / f"Automix {copy} - {name}" / "drums.wav"
            found = tempo(onsets(soundfile.read(path)[0].mean(1), RATE), RATE)
            assert found == pytest.approx(bpm, rel=0.03)


@pytest.mark.parametrize("copy", [1, 2])
@pytest.mark.parametrize(("name", "bpm", "key", "first"), FITTING)
def test_mixes_have_the_references_key_and_beat(mixes, copy, name, bpm, key, first):
    """Whosever bass and drums they are, they play its notes on its beats."""
    folder = mixes[1][0] / "train" / f"Automix {copy} - {name}"
    low, beaten = (soundfile.read(folder / f"{s}.wav")[0].mean(1) for s in ("bass", "drums"))
    assert transposition(histogram(low, RATE), histogram(bass(key), RATE)) == 0
    found = beats(onsets(beaten, RATE), RATE, bpm)
    phase = (found - first) * bpm / 60
    off = np.abs(phase - phase.round()) * 60 / bpm
    assert np.median(off) < 0.05


def mixed(root, *songs, **changes):
    """The mixes of songs told by their tempo."""
    tracks = tuple(song_on_disk(root, f"{bpm} - Song", bpm, 0) for bpm in songs)
    manifest = Manifest(name="songs", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tracks)
    automix(root, manifest, root / "out", replace(CONFIG, copies=1, **changes), 1)


def test_it_is_said_how_often_no_other_song_fits(tmp_path, capfd):
    mixed(tmp_path, 100.0, 104.0, 132.0)
    assert (
        "\n3 of 9 stems stay the song's own, as no other song fits it\n" in capfd.readouterr().err
    )
    own, mix = (
        soundfile.read(tmp_path / path / "drums.wav", dtype="int16")[0]
        for path in ("train/132.0 - Song", "out/train/Automix 1 - 132.0 - Song")
    )
    length = min(len(own), len(mix))
    assert np.corrcoef(own[-length:, 0], mix[-length:, 0])[0, 1] > 0.99


def test_mixes_that_would_be_the_songs_themselves_are_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"no two songs that fit each other.*automix\.mixes\.max_tempo"
    ):
        mixed(tmp_path, 100.0, 130.0)


def test_a_folder_of_links_has_both_sets_tracks(tmp_path):
    for name in ("songs/train/a", "songs/test/b", "mixes/train/c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "drums.wav").touch()
    songs, mixes, place = (tmp_path / name for name in ("songs", "mixes", "joined"))
    assert joined(songs, mixes, place) == place
    found = [str(path.relative_to(place)) for path in sorted(place.glob("*/*/*"))]
    assert found == ["test/b/drums.wav", "train/a/drums.wav", "train/c/drums.wav"]


def test_a_job_that_reads_the_links_is_not_disturbed(tmp_path):
    """Another stage asks for the folder meanwhile: what is right stays the same link."""
    for name in ("songs/train/a", "other/train/a", "mixes/train/c"):
        (tmp_path / name).mkdir(parents=True)
    songs, mixes, place = (tmp_path / name for name in ("songs", "mixes", "joined"))
    joined(songs, mixes, place)
    before = {path: path.lstat().st_ino for path in place.glob("*/*")}
    joined(songs, mixes, place)
    assert {path: path.lstat().st_ino for path in place.glob("*/*")} == before
    (mixes / "train" / "c").rmdir()
    joined(tmp_path / "other", mixes, place)  # moved, and a mix less
    assert [path.resolve() for path in place.glob("*/*")] == [tmp_path / "other/train/a"]


def test_two_songs_at_least(tmp_path):
    lonely = Manifest(name="one", sample_rate=RATE, channels=2, sources=SOURCES, tracks=())
    with pytest.raises(UserError, match="automix needs two"):
        automix(tmp_path, lonely, tmp_path / "out", CONFIG, 1)
