"""The benchmark runs both loaders on the same files; what it finds is not tested: it is timed."""

from hdemucs.benchmarks.reading import RATE, SEGMENT, Speed, noise, official, ours, ratio
from hdemucs.data.segments import Segments


def test_both_loaders_give_the_same_amount_of_audio(tmp_path, monkeypatch):
    monkeypatch.setattr("hdemucs.benchmarks.reading.SONG", 12)
    monkeypatch.setattr("demucs.wav.ta", None)  # `official` replaces it: put it back afterwards
    segments = Segments(tmp_path, noise(tmp_path, 1), "train", SEGMENT * RATE, RATE)
    loads = {**ours(segments), **official(tmp_path, segments)}
    lengths = {name: load([0, 1, 0, 1]).shape for name, load in loads.items()}
    assert lengths["ours, augmented"] == lengths["official, augmented"] == (4, 4, 2, 10 * RATE)
    assert lengths["ours, reading"] == lengths["official, reading"] == (4, 4, 2, 11 * RATE)


def test_the_ratio_is_the_median_of_the_rounds():
    speeds = [
        Speed("ours, reading", (10.0, 30.0, 90.0)),
        Speed("official, reading", (5.0, 5.0, 3.0)),
    ]
    assert ratio(speeds, "reading", "reading") == 6.0
