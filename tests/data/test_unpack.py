"""ZIP archives: what is taken from them, and what is refused whole."""

import zipfile

import numpy as np
import pytest

from hdemucs.datasets.unpack import unpack
from hdemucs.errors import UserError

NOISE = np.random.default_rng(0).bytes(3000)


def pack(path, entries, **attributes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            info = zipfile.ZipInfo(name)
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, body)


def names(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("top", ["", "musdb18hq/", "a/b/"])
def test_the_folder_that_holds_train_is_taken_without_litter(tmp_path, top):
    entries = {
        f"{top}train/A - B/mixture.wav": NOISE,
        f"{top}test/C - D/mixture.wav": NOISE,
        f"{top}.DS_Store": NOISE,
        f"__MACOSX/{top}train/._x": NOISE,
    }
    pack(tmp_path / "x.zip", entries)
    unpack(tmp_path / "x.zip", tmp_path / "set")
    assert names(tmp_path / "set") == ["test/C - D/mixture.wav", "train/A - B/mixture.wav"]
    assert names(tmp_path) == ["set/test/C - D/mixture.wav", "set/train/A - B/mixture.wav", "x.zip"]


def test_what_an_earlier_try_left_is_kept_if_its_checksum_agrees(tmp_path):
    entries = {"train/a/x": NOISE, "train/a/y": NOISE[::-1], "train/a/z": NOISE}
    pack(tmp_path / "x.zip", entries)
    part = tmp_path / ".set.part" / "train" / "a"
    part.mkdir(parents=True)
    (part / "x").write_bytes(NOISE)
    (part / "y").write_bytes(NOISE)
    (part / "z").write_bytes(NOISE[:10])
    (part / ".z.123.tmp").write_bytes(NOISE)
    kept = (part / "x").stat().st_ino
    unpack(tmp_path / "x.zip", tmp_path / "set")
    assert names(tmp_path / "set") == sorted(entries)
    assert {name: (tmp_path / "set" / name).read_bytes() for name in entries} == entries
    assert (tmp_path / "set" / "train" / "a" / "x").stat().st_ino == kept


SUSPECT = {
    "a path that leads out": ({"train/a/x": NOISE, "train/../../x": NOISE}, {}),
    "another system's path": ({"train/a/x": NOISE, "train/a/..\\..\\x": NOISE}, {}),
    "a link": ({"train/a/x": b"/etc/passwd"}, {"external_attr": 0o120777 << 16}),
}


@pytest.mark.parametrize("fault", SUSPECT)
def test_a_suspect_archive_is_refused_whole(tmp_path, fault):
    entries, attributes = SUSPECT[fault]
    pack(tmp_path / "x.zip", entries, **attributes)
    with pytest.raises(UserError, match=r"x\.zip: holds the suspect entry"):
        unpack(tmp_path / "x.zip", tmp_path / "set")
    assert names(tmp_path) == ["x.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_name_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("train/a/x", NOISE)
        archive.writestr("train/a/x", NOISE[::-1])
    with pytest.raises(UserError, match="holds the suspect entry 'train/a/x'"):
        unpack(tmp_path / "x.zip", tmp_path / "set")


def test_an_archive_of_something_else_is_refused(tmp_path):
    pack(tmp_path / "x.zip", {"songs/a/x": NOISE, "train": NOISE})
    with pytest.raises(
        UserError, match=r"holds no folder train/; correct fetch\.data\.archive\.url"
    ):
        unpack(tmp_path / "x.zip", tmp_path / "set")


@pytest.mark.parametrize("place", [100, -10, -60])
def test_a_damaged_archive_is_refused_in_one_line(tmp_path, place):
    """In the middle of a file, in the directory, in the directory's end."""
    pack(tmp_path / "x.zip", {"train/a/x": NOISE, "train/a/y": NOISE})
    content = bytearray((tmp_path / "x.zip").read_bytes())
    content[place] ^= 255
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.zip: (is a damaged archive|holds)") as caught:
        unpack(tmp_path / "x.zip", tmp_path / "set")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "set").exists()


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(NOISE)
    with pytest.raises(UserError, match=r"is a damaged archive \(File is not a zip file\)"):
        unpack(tmp_path / "x.zip", tmp_path / "set")
