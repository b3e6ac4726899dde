"""Views and their inverses."""

import math

import pytest
import torch

from hdemucs.models.demucs.spectrogram import (
    AlignedSpectrogram,
    CentredSpectrogram,
    ComplexAsChannels,
    Magnitude,
)

WINDOW, HOP = 1024, 256
LENGTHS = [1, 255, 256, 257, 2561, 10_000]


def tone(hertz, length, rate=16_000):
    """Fades in and out, so that its reflection has no kink, nor it anything at Nyquist."""
    x = torch.cos(2 * math.pi * hertz * torch.arange(length) / rate)
    return (x * torch.hann_window(length))[None, None]


@pytest.mark.parametrize("length", [8000, 8192])
@pytest.mark.parametrize("hertz", [55, 440, 7040])
def test_a_tone_comes_back_from_aligned_frames_but_for_the_edges(hertz, length):
    view, x = AlignedSpectrogram(ComplexAsChannels(), WINDOW), tone(hertz, length)
    inner = slice(view.margin, -view.margin)
    back = view.istft(view.stft(x), length)
    torch.testing.assert_close(back[..., inner], x[..., inner], atol=5e-6, rtol=0)


def test_aligned_frames_fade_at_either_end():
    """Half the first sample is lost, and something until the margin's end."""
    view, x = AlignedSpectrogram(ComplexAsChannels(), WINDOW), torch.ones(1, 1, 8192)
    back = view.istft(view.stft(x), 8192)[0, 0]
    assert back[0].item() == pytest.approx(0.5, abs=1e-3)
    assert (back[1 : view.margin - 1] >= back[: view.margin - 2] - 1e-6).all()
    torch.testing.assert_close(back.flip(0)[: view.margin], back[: view.margin], atol=0.01, rtol=0)


@pytest.mark.parametrize("length", [8000, 8192])
@pytest.mark.parametrize("hertz", [55, 440, 7040])
def test_a_tone_comes_back_from_centred_frames_to_the_last_sample(hertz, length):
    view, x = CentredSpectrogram(ComplexAsChannels(), WINDOW), tone(hertz, length)
    torch.testing.assert_close(view.istft(view.stft(x), length), x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("length", LENGTHS)
def test_aligned_frames_count_as_strides_do(length):
    z = AlignedSpectrogram(ComplexAsChannels(), WINDOW).stft(torch.randn(1, 2, length))
    assert z.shape == (1, 2, WINDOW // 2, math.ceil(length / HOP))


@pytest.mark.parametrize("length", [600, 2560, 10_001])
def test_centred_frames_are_torchs(length):
    """torch.stft's and torch.istft's own conventions, where the signal is long enough."""
    view, x = CentredSpectrogram(ComplexAsChannels(), WINDOW), torch.randn(1, 2, length)
    common = dict(n_fft=WINDOW, hop_length=HOP, window=view.window, normalized=True)
    z = torch.stft(x[0], return_complex=True, **common)
    torch.testing.assert_close(view.stft(x)[0], z[:, :-1])
    z[:, -1] = 0
    expected = torch.istft(z, length=length, **common)
    torch.testing.assert_close(view.istft(z[:, :-1], length), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("representation", [ComplexAsChannels(), Magnitude()])
def test_a_representation_is_undone(representation):
    z = torch.randn(2, 2, 16, 5, dtype=torch.complex64)
    channels, phase = representation.to_channels(z)
    assert channels.shape == (2, 2 * representation.factor, 16, 5)
    torch.testing.assert_close(representation.to_complex(channels[:, None], phase)[:, 0], z)
