"""Own songs are a dependency of `fetch`: their description, and every file of theirs."""

import pytest

from hdemucs.datasets.originals import Listed, originals
from hdemucs.errors import UserError

OWN = """\
name: mine
root: songs
splits: {train: ["a*"], valid: ["b*"], test: ["c*"]}
stems: {drums: ["d*.wav"], bass: ["b*.wav"], other: ["o*.wav"], vocals: ["v*.wav"]}
missing: refuse
sample_rate: convert
channels: convert
lengths: refuse
"""


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "mine.yaml").write_text(OWN)
    (tmp_path / "songs/a song").mkdir(parents=True)
    (tmp_path / "songs/a song/drums.wav").write_bytes(b"bang")
    return Listed(description=str(tmp_path / "mine.yaml"), songs=str(tmp_path / "songs"))


def test_what_is_recorded_changes_with_a_songs_bytes_and_with_the_description(listed, tmp_path):
    before = originals("mine", listed)
    assert list(before["files"]) == ["a song/drums.wav"]
    (tmp_path / "songs/a song/drums.wav").write_bytes(b"boom")
    after = originals("mine", listed)
    assert after["files"] != before["files"] and after["description"] == before["description"]
    (tmp_path / "mine.yaml").write_text("# a comment\n" + OWN)
    assert originals("mine", listed) == after
    (tmp_path / "mine.yaml").write_text(OWN.replace("refuse", "convert"))
    with pytest.raises(UserError, match="missing: is 'convert'"):
        originals("mine", listed)
    (tmp_path / "mine.yaml").write_text(OWN.replace("missing: refuse", "missing: silence"))
    assert originals("mine", listed)["description"]["missing"] == "silence"


def test_a_line_that_names_another_folder_than_the_description_is_refused(listed, tmp_path):
    other = Listed(description=listed.description, songs=str(tmp_path / "elsewhere"))
    with pytest.raises(UserError, match=r"own\.mine\.songs: is .*elsewhere, but .*mine\.yaml"):
        originals("mine", other)
