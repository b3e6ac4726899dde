"""Which songs are meant, and that no two of them share a folder."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdemucs.errors import UserError
from hdemucs.separation.find import find_songs, spare

OUT = "out"


def touched(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_songs_of_folders_in_a_folder_keep_their_folders(tmp_path):
    touched(tmp_path, "cd1/01.wav", "cd2/01.wav", "a.FLAC", "notes.txt", "data.raw")
    found = {str(song.folder) for song in find_songs([tmp_path], tmp_path / OUT)}
    assert found == {str(tmp_path / OUT / name) for name in ("cd1/01", "cd2/01", "a")}


def test_a_song_named_twice_is_one(tmp_path):
    touched(tmp_path, "a.wav")
    assert len(find_songs([tmp_path, tmp_path / "a.wav", tmp_path / "a.wav"], tmp_path / OUT)) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("a/01.wav", "b/01.wav"),
        ("x.wav", "x.flac"),
        ("caf\u00e9.wav", "b/cafe\u0301.wav"),
        ("Song.wav", "b/song.wav"),
    ],
)
def test_two_songs_with_the_same_stems_are_refused(tmp_path, names):
    touched(tmp_path, *names)
    with pytest.raises(UserError, match="would give the same files as"):
        find_songs([tmp_path / name for name in names], tmp_path / OUT)


def test_what_systems_hide_and_our_own_stems_are_no_songs(tmp_path):
    touched(tmp_path, "a.wav", "._a.wav", ".cache/b.wav", "__MACOSX/c.wav", "out/a/bass.wav")
    assert [song.path.name for song in find_songs([tmp_path], tmp_path / OUT)] == ["a.wav"]
    touched(tmp_path / "only", "._a.wav")
    with pytest.raises(UserError, match="holds no sound file"):
        find_songs([tmp_path / "only"], tmp_path / OUT)


def test_a_folder_may_be_its_own_output(tmp_path):
    touched(tmp_path, "a.wav")
    assert find_songs([tmp_path], tmp_path)[0].folder == tmp_path / "a"


def test_a_stem_is_never_written_over_a_song(tmp_path):
    touched(tmp_path, "bass/bass.wav")
    songs = find_songs([tmp_path / "bass" / "bass.wav"], tmp_path)
    with pytest.raises(UserError, match=r"bass\.wav: would be overwritten by a stem of"):
        spare(songs, ["bass.wav"])
    spare(songs, ["bass.flac"])


def test_a_name_that_is_no_folder_s_is_refused(tmp_path):
    touched(tmp_path, "...wav")
    with pytest.raises(UserError, match="has a name that no folder can have"):
        find_songs([tmp_path / "...wav"], tmp_path / OUT)


NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8).map(
    lambda stem: os.fsdecode(stem.encode("utf-8", "replace"))
)


@settings(max_examples=40, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_every_song_has_a_folder_below_the_output_and_of_its_own(tmp_path_factory, names):
    root = touched(tmp_path_factory.mktemp("any"), *(f"{name}.wav" for name in names))
    paths = [root / f"{name}.wav" for name in names]
    try:
        found = find_songs(paths, root / OUT)
    except UserError as error:
        assert "\n" not in str(error)
        return
    folders = {song.folder for song in found}
    assert len(folders) == len(found) == len(names)
    assert all(folder.parent == root / OUT and folder.name not in ("", "..") for folder in folders)
