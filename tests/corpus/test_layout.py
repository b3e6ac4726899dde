"""What the folder holds: MUSDB18-HQ's layout, whole songs, exact sums, a sensible balance."""

import hashlib
import json

import musdb
import numpy as np
import pytest
import soundfile

from .conftest import TINY

STEMS = ("drums", "bass", "other", "vocals")


def folders(root):
    return sorted(root.glob("train/*")) + sorted(root.glob("test/*"))


def samples(folder, name, dtype="int16"):
    return soundfile.read(folder / f"{name}.wav", dtype=dtype)[0].T


def sdr(reference, estimate):
    error = ((reference - estimate) ** 2).sum()
    return 10 * np.log10((reference**2).sum() / error)


def test_files_are_musdb18_hqs(corpus):
    assert len(folders(corpus)) == 4
    for folder in folders(corpus):
        assert {file.name for file in folder.iterdir()} == {
            "mixture.wav", "drums.wav", "bass.wav", "other.wav", "vocals.wav"
        }  # fmt: skip
        for file in folder.iterdir():
            header = soundfile.info(file)
            assert (header.format, header.subtype) == ("WAV", "PCM_16")
            assert (header.channels, header.samplerate, header.frames) == (2, 16_000, 48_000)


def test_the_stems_integers_add_up_to_the_mixtures(corpus):
    for folder in folders(corpus):
        total = sum(samples(folder, stem).astype(np.int32) for stem in STEMS)
        assert np.array_equal(total, samples(folder, "mixture"))


def test_nothing_clips_and_everybody_plays(corpus):
    for folder in folders(corpus):
        assert 0.5 < np.abs(samples(folder, "mixture", "float64")).max() < 0.9
        for stem in STEMS:
            signal = samples(folder, stem, "float64")
            assert np.abs(signal).max() < 0.9
            assert 10 * np.log10((signal**2).mean()) > -45


def test_musdb_reads_every_split(corpus):
    options = {"root": str(corpus), "is_wav": True, "setup_file": "setup.yaml"}
    valid = musdb.DB(subsets="train", split="valid", **options)
    train = musdb.DB(subsets="train", split="train", **options)
    test = musdb.DB(subsets="test", **options)
    assert [len(valid), len(train), len(test)] == [1, 2, 1]
    track = test[0]
    assert track.rate == 16_000
    assert np.abs(track.audio - sum(track.targets[s].audio for s in STEMS)).max() < 1e-9
    assert np.abs(track.audio - track.targets["linear_mixture"].audio).max() < 1e-9


def test_names_are_an_artist_and_a_title(corpus):
    names = [folder.name for folder in folders(corpus)]
    assert len(set(names)) == 4
    for name in names:
        artist, title = name.split(" - ")
        assert artist.strip() == artist != ""
        assert title.strip() == title != ""


def test_the_record_knows_parameters_versions_and_every_file(corpus):
    record = json.loads((corpus / "corpus.json").read_text())
    assert record["parameters"] == {
        "seed": 3, "train": 2, "valid": 1, "test": 1, "seconds": 3.0, "sample_rate": 16_000
    }  # fmt: skip
    assert record["versions"]["numpy"] == np.__version__
    assert len(record["files"]) == 4 * 5
    for name, digest in record["files"].items():
        assert hashlib.sha256((corpus / name).read_bytes()).hexdigest() == digest
    splits = [track["split"] for track in record["tracks"].values()]
    assert splits == ["train"] * TINY.train + ["valid"] * TINY.valid + ["test"] * TINY.test


@pytest.mark.parametrize("stem", STEMS)
def test_no_stem_is_the_mixture_and_none_is_lost_in_it(corpus, stem):
    """The mixture as an estimate has -12..0 dB, as on MUSDB18."""
    values = [
        sdr(samples(folder, stem, "float64"), samples(folder, "mixture", "float64"))
        for folder in folders(corpus)
    ]
    assert -12 < np.mean(values) < 0


def test_the_stems_can_be_told_apart(corpus):
    """An ideal ratio mask gains far more than 4 dB on the mixture: the spectra differ."""
    gains = []
    for folder in folders(corpus):
        spectra = {s: spectrogram(samples(folder, s, "float64").mean(0)) for s in STEMS}
        mixture = sum(spectra.values())
        total = sum(np.abs(s) ** 2 for s in spectra.values()) + 1e-9
        for spectrum in spectra.values():
            mask = np.abs(spectrum) ** 2 / total
            gains.append(sdr_of(spectrum, mask * mixture) - sdr_of(spectrum, mixture))
    assert np.mean(gains) > 8


def spectrogram(signal):
    windows = np.lib.stride_tricks.sliding_window_view(signal, 1024)[::256]
    return np.fft.rfft(windows * np.hanning(1024), axis=1)


def sdr_of(reference, estimate):
    error = (np.abs(reference - estimate) ** 2).sum()
    return 10 * np.log10((np.abs(reference) ** 2).sum() / error)
