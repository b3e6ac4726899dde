"""Open-Unmix against openunmix 1.3.0 with the same weights: masks, gradients, whole separations."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from hdemucs.models.blocks.wiener import wiener
from hdemucs.models.open_unmix import FAMILY, OpenUnmixConfig
from tests.reference import on_path

with on_path("openunmix"):
    from openunmix.model import OpenUnmix
    from openunmix.model import Separator as TheirSeparator

OURS_TO_THEIRS = {
    "encode.shift": "input_mean", "encode.scale": "input_scale", "encode.linear": "fc1",
    "encode.norm": "bn1", "lstm": "lstm", "decode.linear": "fc2", "decode.norm": "bn2",
    "decode.last_norm": "bn3", "decode.last": "fc3", "decode.scale": "output_scale",
    "decode.shift": "output_mean",
}  # fmt: skip


def config(**changes):
    plain = dict(
        kind="open_unmix", sources=("vocals", "drums"), audio_channels=2, window=64, hop=16,
        bins=25, hidden=12, layers=2, dropout=0.4,
    )  # fmt: skip
    return OpenUnmixConfig(**{**plain, **changes})


def pair(seed=3, **changes):
    """Our separator, and their networks with the same weights: none is at its initial value."""
    c = config(**changes)
    torch.manual_seed(seed)
    separator = FAMILY.build(c)
    for value in separator.state_dict().values():
        if value.is_floating_point():
            value.add_(0.3 * torch.rand_like(value))
    theirs = {}
    for name, network in zip(c.sources, separator.network.sources, strict=True):
        theirs[name] = OpenUnmix(
            nb_bins=c.all_bins, nb_channels=c.audio_channels, hidden_size=c.hidden,
            nb_layers=c.layers, max_bin=c.bins,
        )  # fmt: skip
        theirs[name].load_state_dict(renamed(network.state_dict()))
    return separator, theirs


def renamed(state):
    def name(ours):
        prefix = next(p for p in OURS_TO_THEIRS if ours == p or ours.startswith(p + "."))
        return OURS_TO_THEIRS[prefix] + ours.removeprefix(prefix)

    return {name(key): value for key, value in state.items()}


@pytest.mark.parametrize("channels", [1, 2])
def test_estimates_and_gradients_are_theirs(channels):
    ours, theirs = pair(audio_channels=channels, layers=1)  # dropout would differ between layers
    x = torch.rand(3, channels, 33, 10)
    ours.train()
    estimate = ours.network(x)
    expected = torch.stack([network.train()(x) for network in theirs.values()], 1)
    assert_close(estimate, expected, rtol=1e-5, atol=1e-6)
    weights = torch.rand_like(estimate)
    (estimate * weights).sum().backward()
    (expected * weights).sum().backward()
    for network, theirs_ in zip(ours.network.sources, theirs.values(), strict=True):
        gradients = renamed({n: p.grad for n, p in network.named_parameters()})
        for name, parameter in theirs_.named_parameters():
            assert_close(gradients[name], parameter.grad, rtol=1e-3, atol=1e-4, msg=name)
        statistics = renamed(dict(network.named_buffers()))
        for name, buffer in theirs_.named_buffers():
            assert_close(statistics[name], buffer, msg=name)


@pytest.mark.parametrize("window", [7, None])
@pytest.mark.parametrize("iterations", [0, 1])
def test_whole_separations_are_theirs(iterations, window):
    ours, theirs = pair()
    reference = TheirSeparator(
        theirs, niter=iterations, n_fft=64, n_hop=16, wiener_win_len=window
    ).eval()
    mix = torch.randn(2, 2, 403)
    ours.eval()
    with torch.no_grad():
        expected = reference(mix)
        z = ours.stft(mix)
        refined = wiener(z, ours.spectrograms(z), iterations, window)
    assert_close(ours.stft.inverse(refined, 403), expected, rtol=1e-5, atol=1e-5)
    if not iterations:
        assert_close(ours(mix), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("hidden", "parameters"), [(512, 8_893_348), (1024, 28_257_188)])
def test_a_published_network_has_as_many_parameters(hidden, parameters):
    published = config(
        sources=("vocals",), window=4096, hop=1024, bins=1487, hidden=hidden, layers=3
    )
    with torch.device("meta"):
        separator = FAMILY.build(published)
    assert sum(p.numel() for p in separator.parameters()) == parameters


def test_frequencies_above_the_band_are_written_but_not_seen():
    separator = FAMILY.build(config()).eval()
    x = torch.rand(1, 2, 33, 8)
    louder = x.clone()
    louder[:, :, 25:] *= 2
    with torch.no_grad():
        masks = [separator.network(v) / v[:, None] for v in (x, louder)]
    assert_close(*masks)
    assert (masks[0][:, :, :, 25:] > 0).any()


def test_fitting_standardises_what_every_network_sees():
    torch.manual_seed(1)
    separator = FAMILY.build(config())
    tilt = torch.linspace(1.0, 0.01, 33)
    songs = [
        separator.stft.inverse(
            tilt[:, None] * separator.stft(torch.randn(2, n)), n
        ) for n in (4000, 3000, 20)
    ]  # fmt: skip
    FAMILY.fit(separator, songs)
    x = torch.cat([separator.stft(s, centred=False).abs().mean(0) for s in songs[:2]], -1)
    for network in separator.network.sources:
        seen = (x[:25].T + network.encode.shift) * network.encode.scale
        assert_close(seen.mean(0), torch.zeros(25), rtol=0, atol=1e-4)
        assert_close(seen.std(0, correction=0), torch.ones(25), rtol=1e-4, atol=0)


@torch.no_grad()
def test_a_bin_that_never_changes_does_not_blow_up_the_input():
    separator = FAMILY.build(config())
    tone = torch.sin(2 * np.pi * 8 / 64 * torch.arange(8000.0)) * torch.rand(20).repeat_interleave(
        400
    )
    FAMILY.fit(separator, [tone.expand(2, -1)])
    scale = separator.network.sources[0].encode.scale
    assert scale.max() / scale.min() <= 1e4 * 1.001
    FAMILY.fit(separator, [torch.zeros(2, 4000)])
    assert separator.network.sources[0].encode.scale.isfinite().all()
