"""The multichannel Wiener filter: norbert's, openunmix.filtering's, D3Net's own, and algebra."""

import warnings

import numpy as np
import pytest
import torch

from hdemucs.models.blocks.wiener import shared_out, wiener, with_mixture_phase
from tests.reference import on_path

SOURCES, CHANNELS, BINS, FRAMES = 3, 2, 9, 20


def draw(seed=1, channels=CHANNELS, scale=20.0):
    """A mixture of sources that each have a place in the stereo image, and noisy magnitudes."""
    torch.manual_seed(seed)
    place = torch.randn(1, SOURCES, channels, BINS, 1, dtype=torch.complex128)
    dry = torch.randn(1, SOURCES, 1, BINS, FRAMES, dtype=torch.complex128)
    sources = scale * (place * dry + 0.1 * torch.randn(1, SOURCES, channels, BINS, FRAMES))
    magnitudes = sources.abs() * (0.5 + torch.rand(sources.shape, dtype=torch.float64))
    return sources.sum(1), magnitudes, sources


def theirs(z):
    """[1, (source,) channel, frequency, frame] -> [frame, frequency, channel(, source)]."""
    return z[0].permute(*range(z.dim() - 2, -1, -1)).contiguous()


def ours(y):
    return torch.as_tensor(y).permute(3, 2, 1, 0)[None]


STARTS = {"mixture phase": with_mixture_phase, "soft mask": shared_out}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("iterations", [0, 1, 3])
def test_it_is_norberts(start, iterations, channels):
    with on_path("norbert"), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # scipy.ndimage.filters
        import norbert
    x, v, _ = draw(channels=channels)
    soft = start == "soft mask"
    reference = norbert.wiener(
        theirs(v).numpy(), theirs(x).numpy().copy(), iterations, use_softmask=soft, eps=1e-10
    )
    mine = wiener(x, STARTS[start](x, v), iterations, window=None)
    torch.testing.assert_close(mine, ours(reference), rtol=0, atol=1e-8)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("iterations", [0, 1, 3])
def test_it_is_openunmixs(start, iterations):
    with on_path("openunmix"):
        from openunmix.filtering import wiener as reference
    x, v, _ = draw()
    parts = torch.view_as_real(theirs(x)).clone()
    theirs_ = reference(theirs(v), parts, iterations, softmask=start == "soft mask")
    theirs_ = torch.view_as_complex(theirs_.movedim(3, -1).contiguous())
    mine = wiener(x, STARTS[start](x, v), iterations, window=None)
    torch.testing.assert_close(mine, ours(theirs_), rtol=0, atol=2e-5)  # their pi is a float32


def test_it_is_d3nets_where_covariances_are_regular():
    """Theirs has no regularisation, so they agree where it is small beside the power."""
    with on_path("d3net-spleeterweb"):
        from d3net.filter import apply_mwf as reference
    x, v, _ = draw()
    y = with_mixture_phase(x, v)
    stfts = {str(j): y[0, j].permute(2, 0, 1).numpy().copy() for j in range(SOURCES)}
    found = reference(stfts, x[0].permute(2, 0, 1).numpy())
    expected = np.stack([found[str(j)] for j in range(SOURCES)]).transpose(0, 2, 3, 1)[None]
    torch.testing.assert_close(
        wiener(x, y, 1, window=None), torch.as_tensor(expected), rtol=1e-3, atol=1e-3
    )


def test_what_it_gives_adds_up_to_the_mixture():
    x, v, _ = draw()
    refined = wiener(x, with_mixture_phase(x, v), 1, window=None)
    torch.testing.assert_close(refined.sum(1), x, rtol=1e-4, atol=1e-3)


def test_it_brings_estimates_nearer_to_the_sources():
    x, v, sources = draw()
    before = with_mixture_phase(x, v)
    after = wiener(x, before, 1, window=None)
    assert (after - sources).abs().square().sum() < 0.7 * (before - sources).abs().square().sum()


def test_windows_are_filtered_on_their_own():
    x, v, _ = draw()
    y = with_mixture_phase(x, v)
    whole = wiener(x, y, 1, window=8)
    parts = [
        wiener(x[..., a:b], y[..., a:b], 1, window=None) for a, b in [(0, 8), (8, 16), (16, 20)]
    ]
    torch.testing.assert_close(whole, torch.cat(parts, -1), rtol=0, atol=0)
    assert not torch.equal(whole, wiener(x, y, 1, window=None))


def test_items_of_a_batch_do_not_meet():
    (a, va, _), (b, vb, _) = draw(1), draw(2, scale=0.01)
    x, y = torch.cat([a, b]), torch.cat([with_mixture_phase(a, va), with_mixture_phase(b, vb)])
    alone = [wiener(x[i : i + 1], y[i : i + 1], 1, window=None) for i in range(2)]
    torch.testing.assert_close(
        wiener(x, y, 1, window=None), torch.cat(alone), rtol=1e-9, atol=1e-12
    )


def test_silence_stays_silence_and_gradients_stay_finite():
    x, v, _ = draw()
    x, v = x.clone(), v.clone()
    x[..., 3:6], v[..., 3:6] = 0, 0
    v.requires_grad_()
    y = wiener(x, with_mixture_phase(x, v), 1, window=None)
    assert y[..., 3:6].abs().max() == 0
    y.abs().square().sum().backward()
    assert v.grad.isfinite().all()
    nothing = torch.zeros_like(x)
    assert wiener(nothing, nothing[:, None].expand_as(y), 1, window=None).abs().max() == 0


def test_single_precision_is_kept_outside_only():
    x, v, _ = draw()
    double = wiener(x, with_mixture_phase(x, v), 1, window=None)
    single = wiener(x.to(torch.complex64), with_mixture_phase(x, v).to(torch.complex64), 1, None)
    assert single.dtype == torch.complex64
    torch.testing.assert_close(single.to(double.dtype), double, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_gradients_hold_for_negative_magnitudes_too(start):
    """Networks write them, before they have learnt not to."""
    x, v, _ = (each[..., :2] for each in draw())
    signed = (v * torch.linspace(-1, 1, BINS, dtype=v.dtype)[:, None] - 0.3).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: torch.view_as_real(start(x, v)), signed)
