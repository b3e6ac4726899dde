"""A piece of a resampled file is that piece of the resampled whole."""

import numpy as np
import pytest
import torch
from torchaudio.functional import resample

from hdemucs import audio
from hdemucs.separation.resampled import Resampled


def sound(path, rate, seconds=2.0, channels=2):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (channels, int(seconds * rate)))
    audio.write(path, noise.astype("float32"), rate)
    return torch.from_numpy(audio.read(path))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 22_050, 8_000])
def test_pieces_are_cuts_of_the_whole(tmp_path, rate):
    whole = resample(sound(tmp_path / "a.wav", rate), rate, 16_000)
    file = Resampled(tmp_path / "a.wav", 16_000, 2)
    assert abs(file.length - whole.shape[-1]) <= 1
    for start, frames in [(0, 100), (0, file.length), (777, 5000), (file.length - 300, 300)]:
        piece = file.read(start, frames)
        assert piece.shape == (2, frames)
        expected = whole[:, start : start + frames]
        torch.testing.assert_close(piece[:, : expected.shape[-1]], expected, atol=1e-5, rtol=0)


def test_mono_is_both_channels(tmp_path):
    mono = sound(tmp_path / "m.wav", 16_000, channels=1)
    out = Resampled(tmp_path / "m.wav", 16_000, 2).read(0, 500)
    assert torch.equal(out, mono[:, :500].expand(2, -1))


def test_many_channels_are_folded_to_their_mean(tmp_path):
    many = sound(tmp_path / "s.wav", 16_000, channels=6)
    out = Resampled(tmp_path / "s.wav", 16_000, 2).read(100, 500)
    torch.testing.assert_close(out, many[:, 100:600].mean(0, keepdim=True).expand(2, -1))
