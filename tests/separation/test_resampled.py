"""A piece of a resampled file is that piece of the resampled whole."""

import numpy as np
import pytest
import torch
from torchaudio.functional import resample

from hdemucs import audio
from hdemucs.formats.sound import opened
from hdemucs.separation.resampled import Resampled


def sound(path, rate, seconds=2.0, channels=2):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (channels, int(seconds * rate)))
    audio.write(path, noise.astype("float32"), rate)
    return torch.from_numpy(audio.read(path))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 22_050, 8_000])
def test_pieces_are_cuts_of_the_whole(tmp_path, rate):
    whole = resample(sound(tmp_path / "a.wav", rate), rate, 16_000)
    with opened(tmp_path / "a.wav") as found:
        file = Resampled(found, 16_000, 2)
        assert abs(file.length - whole.shape[-1]) <= 1
        for start, frames in [(0, 100), (0, file.length), (777, 5000), (file.length - 300, 300)]:
            piece = file.read(start, frames)
            assert piece.shape == (2, frames)
            expected = whole[:, start : start + frames]
            torch.testing.assert_close(piece[:, : expected.shape[-1]], expected, atol=1e-5, rtol=0)


def test_channels_become_the_model_s(tmp_path):
    """Mono is both channels; surround is mixed down, not averaged."""
    mono = sound(tmp_path / "m.wav", 16_000, channels=1)
    many = sound(tmp_path / "s.wav", 16_000, channels=6)
    with opened(tmp_path / "m.wav") as found:
        out = Resampled(found, 16_000, 2).read(0, 500)
    assert torch.equal(out, mono[:, :500].expand(2, -1))
    with opened(tmp_path / "s.wav") as found:
        out = Resampled(found, 16_000, 2).read(100, 500)
    left = many[0] + 0.5**0.5 * (many[2] + many[4])
    torch.testing.assert_close(out[0], left[100:600])
