"""WAV headers as programs write them: what is there is read, what is missing is refused."""

import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from hdemucs.errors import UserError
from hdemucs.formats.wav import STREAM, WRAP, open_wav

RATE = 8000
SOUND = (np.arange(1, 201, dtype="<i2").repeat(2)).reshape(-1, 2)  # no zeros, no letters


def chunk(name, content, size=None):
    size = len(content) if size is None else size
    return name + struct.pack("<I", size) + content + b"\0" * (len(content) % 2)


def wav(size=None, form=b"RIFF", before=b"", after=b"", sound=None):
    """A WAV file of SOUND whose `data` chunk claims `size` bytes."""
    sound = SOUND.tobytes() if sound is None else sound
    head = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, RATE, RATE * 4, 4, 16))
    body = b"WAVE" + before + head + chunk(b"data", sound, size) + after
    return form + struct.pack("<I", min(len(body), WRAP - 1)) + body


def samples(path):
    found = open_wav(path)
    out = np.empty((found.channels, found.frames), np.float32)
    found.read(0, out)
    return found, np.rint(out * 2**15).astype(int).T


LIST = chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0")
WHOLE = {
    "exact": (wav(), ""),
    "chunks before and after": (wav(before=LIST, after=LIST), ""),
    "a chunk of odd length": (wav(before=chunk(b"note", b"odd")), ""),
    "of a stream, as ffmpeg writes it": (wav(WRAP - 1), STREAM),
    "of a stream, as SoX writes it": (wav(0x7FFFF000), STREAM),
    "of a stream, as arecord writes it": (wav(0x80000000), STREAM),
    "of a recorder that was stopped": (wav(0), STREAM),
    "RF64": (wav(WRAP - 1, b"RF64", chunk(b"ds64", struct.pack("<QQQI", 0, 800, 200, 0))), ""),
    "RF64, stopped": (wav(WRAP - 1, b"RF64", chunk(b"ds64", bytes(28))), STREAM),
    "BW64": (wav(WRAP - 1, b"BW64", chunk(b"ds64", struct.pack("<QQQI", 0, 800, 200, 0))), ""),
}


@pytest.mark.parametrize("case", WHOLE)
def test_every_sample_that_is_there_is_read(tmp_path, case):
    content, note = WHOLE[case]
    (tmp_path / "a.wav").write_bytes(content)
    found, heard = samples(tmp_path / "a.wav")
    np.testing.assert_array_equal(heard, SOUND)
    assert found.note == note


BROKEN = {
    "cut": (wav()[:-100], "is truncated: 700 of 800 bytes of sound are there"),
    "cut in the header": (wav()[:30], "is a WAV file without samples"),
    "a header that promises too much": (wav(900), "is truncated: 800 of 900 bytes"),
    "no format": (b"RIFF\x0c\0\0\0WAVEdata\0\0\0\0", "is a WAV file without a format"),
    "text": (b"RIFFraff is a criminal lot", "is no WAV file"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_missing_is_said(tmp_path, case):
    content, line = BROKEN[case]
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UserError, match=line):
        open_wav(tmp_path / "a.wav")


def test_an_empty_data_chunk_before_other_chunks_is_empty(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(sound=b"", after=LIST))
    assert open_wav(tmp_path / "a.wav").frames == 0


def test_a_file_longer_than_its_size_of_32_bits_is_read_to_its_end(tmp_path):
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(wav(4000))
        file.truncate(44 + WRAP + 4000)  # takes no room on the disk
    found = open_wav(tmp_path / "a.wav")
    assert (found.frames, found.note) == ((WRAP + 4000) // 4, STREAM)


@given(
    size=st.integers(0, WRAP - 1),
    cut=st.integers(0, 40),
    before=st.binary(max_size=9),
    frames=st.integers(0, 40),
)
def test_any_header_gives_a_prefix_of_the_sound_or_one_line(
    tmp_path_factory, size, cut, before, frames
):
    path = tmp_path_factory.mktemp("any") / "a.wav"
    sound = SOUND[:frames].tobytes()
    content = wav(size, before=chunk(b"junk", before), sound=sound)
    path.write_bytes(content[: len(content) - cut])
    try:
        found, heard = samples(path)
    except UserError as error:
        assert error.parts[0] == str(path) and "\n" not in str(error)
        return
    np.testing.assert_array_equal(heard, SOUND[: len(heard)])
    whole = found.note == STREAM or size <= len(sound) - cut
    assert whole and (size == 0 or found.note or len(heard) == size // 4)


@given(content=st.binary(max_size=80))
def test_any_bytes_are_a_file_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + content)
    try:
        assert open_wav(path).frames >= 0
    except UserError as error:
        assert "\n" not in str(error)


def test_as_soundfile_reads_it(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(WRAP - 1))
    x, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav")[1], x)
