"""Channels: the ITU downmix, whatever a format calls the channels."""

import numpy as np
import pytest
import soundfile

from hdemucs.errors import UserError
from hdemucs.formats.channels import converted, said
from hdemucs.formats.sound import opened
from tests.formats.conftest import RATE, run_ffmpeg

SQUARE = 0.5**0.5


def level(stereo, source):
    """How much of each orthogonal source is in a signal."""
    return stereo @ source.T / (source**2).sum(1)


def sources(count, frames=4000):
    """Orthogonal tones, a channel each."""
    time = np.arange(frames) / frames
    tones = [np.sin(2 * np.pi * 50 * (number + 1) * time) for number in range(count)]
    return (0.1 * np.array(tones)).astype(np.float32)


EXPECTED = {
    5: ([1, 0, SQUARE, SQUARE, 0], [0, 1, SQUARE, 0, SQUARE]),
    6: ([1, 0, SQUARE, 0, SQUARE, 0], [0, 1, SQUARE, 0, 0, SQUARE]),
    7: ([1, 0, SQUARE, 0, 0.5, SQUARE, 0], [0, 1, SQUARE, 0, 0.5, 0, SQUARE]),
    8: ([1, 0, SQUARE, 0, SQUARE, 0, SQUARE, 0], [0, 1, SQUARE, 0, 0, SQUARE, 0, SQUARE]),
}


@pytest.mark.parametrize("count", EXPECTED)
def test_surround_goes_to_stereo_by_the_itu_s_table(count):
    x = sources(count)
    np.testing.assert_allclose(level(converted("a", x, 2), x), EXPECTED[count], atol=1e-5)
    mono = np.mean(EXPECTED[count], axis=0, keepdims=True)
    np.testing.assert_allclose(level(converted("a", x, 1), x), mono, atol=1e-5)


def test_mono_and_stereo():
    x = sources(2)
    assert converted("a", x, 2) is x
    np.testing.assert_array_equal(converted("a", x[:1], 2), x[[0, 0]])
    np.testing.assert_array_equal(converted("a", x, 1), x.mean(0, keepdims=True))


@pytest.mark.parametrize(
    ("count", "wanted", "mask"),
    [(3, 2, 0), (4, 2, 0), (6, 5, 0), (6, 2, 0xF03F), (4, 2, 0x3F), (2, 3, 0)],
)
def test_what_has_no_one_way_is_refused(count, wanted, mask):
    with pytest.raises(UserError, match=f"a: has {count} channels where {wanted} are expected"):
        converted("a", sources(count), wanted, mask)


@pytest.mark.parametrize("mask", [0x60F, 0x3F])
def test_side_and_back_surrounds_count_alike(mask):
    x = sources(6)
    np.testing.assert_allclose(level(converted("a", x, 2, mask), x), EXPECTED[6], atol=1e-5)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "aiff", "ac3"])
def test_every_format_names_the_same_channels(tmp_path, suffix):
    """Vorbis and Opus have the centre second and the low frequencies last."""
    x = np.tile(sources(6), 4)
    soundfile.write(tmp_path / "x.wav", x.T, RATE)
    coded = tmp_path / f"coded.{suffix}"
    rate = ["-ar", "48000"] if suffix in ("opus", "ac3") else []
    run_ffmpeg("-i", tmp_path / "x.wav", *rate, coded)
    with opened(coded) as sound:
        middle = sound.read()[:, sound.frames // 4 : sound.frames * 3 // 4]
        stereo = converted(coded, middle, 2, sound.wav.mask)
    spectrum = np.abs(np.fft.rfft(stereo * np.hanning(stereo.shape[1])))
    peaks = [round(50 * RATE / 4000 * n * stereo.shape[1] / sound.rate) for n in range(1, 7)]
    heights = np.array([spectrum[:, p - 2 : p + 3].max(1) for p in peaks]).T
    heights /= heights.max()
    heard = [0, 1, 2, 4, 5]  # what is left of the low frequencies differs from coder to coder
    np.testing.assert_allclose(heights[:, heard], np.array(EXPECTED[6])[:, heard], atol=0.12)


def test_what_is_lost_is_said():
    assert said(1, 2) == said(2, 2) == ""
    assert said(6, 2) == "6 channels go to stereo by ITU-R BS.775"
    assert "mean" in said(2, 1) and "BS.775" in said(6, 1)
