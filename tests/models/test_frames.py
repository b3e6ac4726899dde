"""Gradients that are written out are the derivatives of what they belong to."""

import torch
from torch.autograd import gradcheck

from hdemucs.models.demucs.frames import overlap_add, spectra


def random(*shape):
    generator = torch.Generator().manual_seed(len(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)


def test_spectra_are_complex_numbers_frame_by_frame():
    parts = random(3, 2, 5, 4)
    out = spectra(parts)
    assert torch.equal(out.real, parts[:, 0].mT)
    assert torch.equal(out.imag, parts[:, 1].mT)
    assert gradcheck(spectra, parts)


def test_frames_are_added_where_they_overlap():
    window = random(4, 2).detach()
    assert gradcheck(lambda frames: overlap_add(frames, window), random(3, 5, 8))
    one = overlap_add(torch.ones(3, 8, dtype=torch.float64), window)
    by_hand = torch.zeros(12, dtype=torch.float64)
    for k in range(3):
        by_hand[2 * k : 2 * k + 8] += window.flatten()
    torch.testing.assert_close(one, by_hand)
