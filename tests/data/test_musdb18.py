"""MUSDB18-HQ is known by what it holds, whatever its folder is called."""

import dataclasses

import pytest

from hdemucs.data.manifest import File, Manifest, Track
from hdemucs.data.musdb18 import MUSDB18_HQ, known, pin, tracks
from hdemucs.errors import UserError

SOURCES = ("drums", "bass", "other", "vocals")
NAMES = {"train": [f"Band {n} - Song" for n in range(86)], "valid": None, "test": None}


def track(split, name):
    files = {
        source: File(
            path=f"{split}/{name}/{source}.wav", size=1, sha256=f"{name} {source}", peak=0.5,
            loudness=-20.0, active=1.0,
        )
        for source in ("mixture", *SOURCES)
    }  # fmt: skip
    return Track(
        name=name, split=split, frames=1, seconds=1.0, mean=0.0, std=1.0, residual=0.0, files=files
    )


def musdb(name="any-folder", rate=44_100):
    every = [track(split, one) for split in NAMES for one in NAMES[split] or tracks(split)]
    return Manifest(name=name, sample_rate=rate, channels=2, sources=SOURCES, tracks=tuple(every))


def without(manifest, name):
    kept = tuple(one for one in manifest.tracks if one.name != name)
    return dataclasses.replace(manifest, tracks=kept)


def test_the_lists_are_those_of_the_data_set():
    assert len(tracks("test")) == len(set(tracks("test"))) == 50
    assert len(tracks("valid")) == 14
    assert not set(tracks("test")) & set(tracks("valid"))


def test_its_tracks_tell_it_whatever_it_is_called():
    assert known(musdb(), {}).name == MUSDB18_HQ
    assert "no digests" in known(musdb(), {}).basis


@pytest.mark.parametrize(
    "other",
    [
        musdb(rate=16_000),
        without(musdb(), "Band 3 - Song"),
        without(musdb(), tracks("test")[0]),
        dataclasses.replace(musdb(), tracks=(*musdb().tracks, track("train", "One more"))),
    ],
    ids=["rate", "a training track less", "a test track less", "a track more"],
)
def test_what_differs_is_something_else_even_under_its_name(other):
    other = dataclasses.replace(other, name="musdb18hq")
    assert known(other, {}).name == "musdb18hq"
    assert known(other, {}).basis is None


def test_once_digests_are_pinned_they_count(tmp_path):
    place = pin(musdb(), tmp_path)
    lines = place.read_text().splitlines()
    assert len(lines) == 150 * 5
    pinned = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    assert known(musdb(), pinned).name == MUSDB18_HQ
    assert known(musdb(), pinned).basis == "the digests of all its 750 files"
    path = "test/AM Contra - Heart Peripheral/mixture.wav"
    assert known(musdb("mine"), {**pinned, path: "0"}).name.startswith("mine (1 files are not")


def test_only_the_whole_set_can_be_pinned(tmp_path):
    with pytest.raises(UserError, match="has not MUSDB18-HQ's names"):
        pin(without(musdb(), "Band 3 - Song"), tmp_path)
