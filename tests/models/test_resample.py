"""Resampling by products of matrices is the resampling of the package julius."""

import pytest
import torch
from julius.resample import resample_frac

from hdemucs.models.blocks.resample import Resample


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 127, 1000, 1001])
@pytest.mark.parametrize(("up", "down"), [(2, 1), (1, 2), (160, 441), (441, 160)])
def test_samples_and_gradients_are_those_of_julius(up, down, length):
    mix = torch.randn(2, 3, length, generator=torch.manual_seed(length), requires_grad=True)
    ours, theirs = Resample(up, down)(mix), resample_frac(mix, down, up)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    if ours.numel():
        weights = torch.randn_like(ours)
        (one,), (other,) = (torch.autograd.grad(y, mix, weights) for y in (ours, theirs))
        torch.testing.assert_close(one, other, rtol=0, atol=1e-4)
