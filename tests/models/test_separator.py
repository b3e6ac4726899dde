"""What every model of the family must do, whatever its weights."""

from functools import cache

import pytest
import torch

from hdemucs.models.family import build
from tests.family import FAMILY, hybrid_config

EVERY = pytest.mark.parametrize("name", FAMILY)


@cache
def network(name):
    """Nobody changes it: tests that train build their own."""
    return build(FAMILY[name], seed=1).eval()


@EVERY
@pytest.mark.parametrize("length", [2, 255, 1024, 5003])
@torch.no_grad()
def test_length_is_kept(name, length):
    estimates = network(name)(torch.randn(1, 2, length))
    assert estimates.shape == (1, 4, 2, length)
    assert estimates.isfinite().all()


@EVERY
@torch.no_grad()
def test_songs_of_a_batch_do_not_meet(name):
    mix = torch.randn(3, 2, 5003)
    together, alone = network(name)(mix)[1:2], network(name)(mix[1:2])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@EVERY
@torch.no_grad()
def test_silence_stays_finite(name):
    assert network(name)(torch.zeros(1, 2, 5003)).isfinite().all()


@pytest.mark.parametrize("name", [name for name in FAMILY if not name.startswith("v2")])
@torch.no_grad()
def test_louder_in_louder_out(name):
    """Standardised networks do not see the volume; Demucs v2 does."""
    mix = torch.randn(1, 2, 5003)
    quiet, loud = network(name)(mix), network(name)(4 * mix)
    torch.testing.assert_close(loud, 4 * quiet, atol=1e-3, rtol=1e-3)


@EVERY
def test_every_parameter_takes_part(name):
    """A parameter without a gradient belongs to a switch that leads nowhere."""
    net = build(FAMILY[name], seed=1)
    net(torch.randn(2, 2, 8000)).square().mean().backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


@torch.no_grad()
def test_a_shift_by_the_longest_stride_shifts_the_sources():
    """Convolutions commute with shifts of 2 * 256 samples, away from the borders."""
    net = build(hybrid_config(residual=None), seed=1).eval()
    border, length, stride = 10_000, 8000, 512
    mix = torch.nn.functional.pad(torch.randn(1, 2, length), (border, border))
    shifted = torch.roll(net(mix), stride, dims=-1)[..., border:-border]
    again = net(torch.roll(mix, stride, dims=-1))[..., border:-border]
    torch.testing.assert_close(again, shifted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["v2", "v2-own-rate"])
@torch.no_grad()
def test_a_valid_length_is_the_one_that_is_padded_to(name):
    """Given the zeros that it would add by itself, a model says the same."""
    net, mix = network(name), torch.randn(1, 2, 5003)
    valid = net.valid_length(5003)
    assert net.valid_length(valid) == valid > 5003
    before = (valid - 5003) // 2
    padded = torch.nn.functional.pad(mix, (before, valid - 5003 - before))
    torch.testing.assert_close(net(padded)[..., before:][..., :5003], net(mix))


@torch.no_grad()
def test_hybrids_run_at_any_length():
    assert network("hybrid").valid_length(5003) == 5003


def test_bf16_autocast_stays_close():
    """Views keep the mixture's precision; only what is between them is rounded."""
    mix = torch.randn(1, 2, 5003)
    for name in ("hybrid", "hybrid-magnitude", "waveform", "v2"):
        plain = network(name)(mix)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = network(name)(mix)
        assert rounded.dtype == torch.float32
        assert (rounded - plain).norm() < 0.05 * plain.norm(), name


@torch.no_grad()
def test_the_kernel_around_a_single_frequency_is_dead_but_for_its_middle():
    net, mix = build(FAMILY["hybrid"], seed=1).eval(), torch.randn(1, 2, 3001)
    before = net(mix)
    weight = net.trunk.leave.conv.weight
    weight[:, :, [0, 2]] = torch.randn_like(weight[:, :, [0, 2]])
    assert torch.equal(net(mix), before)
