"""Jansson's U-Net and Spleeter's: counts, sizes, and a case that is worked out by hand."""

import pytest
import torch
from torch.testing import assert_close

from hdemucs.models.u_net import FAMILY, DoublingConv, HalvingConv, UNetConfig


def config(**changes):
    plain = dict(
        kind="u_net", wiring="jansson", scale="loudest", sources=("vocals",), audio_channels=1,
        window=16, hop=4, bins=8, channels=(2, 3), dropout=0.5,
    )  # fmt: skip
    return UNetConfig(**{**plain, **changes})


FULL = dict(channels=(16, 32, 64, 128, 256, 512))
JANSSON = config(window=1024, hop=768, bins=512, **FULL)
SPLEETER = config(
    wiring="spleeter", scale="none", audio_channels=2, window=4096, hop=1024, bins=1024, **FULL
)
UNREAD = 2 * 512  # Spleeter's graph has one more norm, innermost, whose output nothing reads


@pytest.mark.parametrize(("size", "count"), [(JANSSON, 9_823_313), (SPLEETER, 9_823_749 - UNREAD)])
def test_a_published_network_has_as_many_parameters(size, count):
    """Worked out from the papers' tables: kernels of 5 x 5 with biases, norms, sigmoid last."""
    with torch.device("meta"):
        separator = FAMILY.build(size)
    assert sum(p.numel() for p in separator.parameters()) == count


def test_convolutions_are_those_of_same_padding():
    """TensorFlow's "same": an impulse at 2i meets the kernel's tap 1 in output i, and back."""
    down, up = HalvingConv(1, 1), DoublingConv(1, 1)
    ramp = torch.arange(25.0).view(1, 1, 5, 5)
    for module in (down, up):
        torch.nn.init.zeros_(module.conv.bias)
        module.conv.weight.data.copy_(ramp)
    x = torch.zeros(1, 1, 8, 8)
    x[..., 4, 4] = 1
    assert down(x)[0, 0, 2, 2] == ramp[0, 0, 1, 1]
    assert down(x)[0, 0, 1, 2] == ramp[0, 0, 3, 1]
    y = torch.zeros(1, 1, 4, 4)
    y[..., 2, 2] = 1
    assert_close(up(y)[0, 0, 3:8, 3:8], ramp[0, 0])
    assert up(y).shape == (1, 1, 8, 8)


@torch.no_grad()
def test_a_network_whose_mask_is_known_by_hand():
    """All convolutions pick one tap; norms are the identity: the mask is sigmoid(x), doubled twice.

    Level 1 halves |x| / max by picking even frames and bins, level 2 once more. On the way back
    each level puts its input at even places and 0 elsewhere; the first channel of the
    concatenation is what came up, and the only one that the last level reads.
    """
    separator = FAMILY.build(config()).eval()
    (network,) = separator.network.sources
    for name, parameter in network.named_parameters():
        parameter.zero_()
        if name.endswith("norm.weight") or name == "up.0.1.weight":
            parameter.fill_(1 + 1e-5).sqrt_()  # undoes the norm's epsilon
        elif parameter.dim() == 4:
            parameter[0, 0, 1, 1] = 1
    x = torch.rand(1, 1, 9, 8)
    x[0, 0, 0, 0] = 4  # the loudest
    expected = torch.full((8, 8), 0.5)
    expected[::4, ::4] = torch.sigmoid(x[0, 0, :8:4, ::4] / 4)
    estimate = separator.network(x)[0, 0, 0]
    assert_close(estimate[:8], expected * x[0, 0, :8])
    assert (estimate[8] == 0).all()


def test_spleeters_decoder_sees_convolutions_and_jansson_what_follows_them():
    torch.manual_seed(1)
    image = torch.rand(2, 1, 8, 8)
    for wiring, same in (("jansson", True), ("spleeter", False)):
        network = FAMILY.build(config(wiring=wiring)).network.sources[0]
        skip, deeper = network.down[0](image)
        assert torch.equal(skip, deeper) is same


def test_the_loudest_sets_the_scale_where_the_configuration_says_so():
    torch.manual_seed(1)
    x = torch.rand(2, 1, 9, 16)
    for scale, same in (("loudest", True), ("none", False)):
        network = FAMILY.build(config(scale=scale)).eval().network
        with torch.no_grad():
            assert torch.allclose(network(10 * x), 10 * network(x), rtol=1e-4) is same


@pytest.mark.parametrize(
    "wrong", [dict(bins=6), dict(bins=12), dict(channels=(4,)), dict(wiring="unet")]
)
def test_sizes_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"bins|channels|wiring"):
        config(**wrong)
