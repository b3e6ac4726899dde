"""Post-filters: systems of several networks as one, and the Wiener filter over all sources."""

import pytest
import torch
from torch.testing import assert_close

from hdemucs.config.load import validated
from hdemucs.config.parts import built
from hdemucs.errors import UserError
from hdemucs.models.blocks.wiener import wiener
from hdemucs.models.family import build
from hdemucs.registry import part
from hdemucs.separation.post.base import Together
from tests.family import SOURCES
from tests.systems import TINY

WIENER = {
    "iterations": 1,
    "window": 20,
    "start": "mixture_phase",
    "swapped": False,
    "transform": None,
}


def member(kind, *sources, seed=3, **changes):
    settings = {"kind": kind, "sources": [*sources], "audio_channels": 2, **TINY[kind], **changes}
    return build(validated(settings, part("model", kind).config, kind), seed).eval()


def post(members, **changes):
    kind, settings = "wiener", {**WIENER, **changes}
    return built(
        "post", validated({"kind": kind, **settings}, part("post", kind).config, kind), members
    )


@pytest.fixture
def mix():
    return 0.3 * torch.randn(2, 2, 700, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_without_a_filter_estimates_stand_side_by_side(mix):
    members = [member("u_net", source, seed=i) for i, source in enumerate(SOURCES)]
    system = Together(members)
    assert system.sources == SOURCES
    assert_close(system(mix), torch.cat([m(mix) for m in members], 1))
    assert system.valid_length(700) == members[0].valid_length(700)


@pytest.mark.parametrize("one_network", [True, False])
@torch.no_grad()
def test_all_sources_are_filtered_together(one_network, mix):
    """By one network of all sources, or by a network a source: the spectrograms decide."""
    members = (
        [member("x_umx", *SOURCES)] if one_network
        else [member("u_net", source, seed=i) for i, source in enumerate(SOURCES)]
    )  # fmt: skip
    system, stft = post(members), members[0].stft
    z = stft(mix)
    estimates = torch.cat([m.spectrograms(z) for m in members], 1)
    expected = stft.inverse(wiener(z, estimates, 1, 20), 700)
    assert_close(system(mix), expected, rtol=1e-4, atol=1e-5)
    if one_network:  # the others write nothing into the highest frequency
        assert_close(system(mix).sum(1), mix, rtol=0, atol=1e-2)


@torch.no_grad()
def test_models_of_waveforms_are_filtered_in_a_transform_of_the_configuration(mix):
    model = member("conv_tasnet", *SOURCES)
    system = post([model], transform={"window": 64, "hop": 16})
    z = system.stft(mix)
    magnitudes = system.stft(model(mix)).abs()
    start = torch.polar(magnitudes, z.angle()[:, None].expand_as(magnitudes))
    assert_close(system(mix), system.stft.inverse(wiener(z, start, 1, 20), 700))


@torch.no_grad()
def test_with_swapped_channels_left_and_right_are_treated_alike(mix):
    model = member("x_umx", *SOURCES)
    plain, fair = post([model]), post([model], swapped=True)
    assert_close(fair(mix.flip(1)).flip(2), fair(mix), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(plain(mix.flip(1)).flip(2), plain(mix), atol=1e-3)


@torch.no_grad()
def test_a_soft_mask_starts_from_shares_of_the_mixture(mix):
    model = member("x_umx", *SOURCES)
    z = model.stft(mix)
    magnitudes = model.spectrograms(z).abs()
    shares = z[:, None] * magnitudes / magnitudes.sum(1, keepdim=True).clamp(min=1e-10)
    expected = model.stft.inverse(wiener(z, shares, 1, 20), 700)
    assert_close(post([model], start="soft_mask")(mix), expected, rtol=1e-3, atol=1e-4)


def test_what_cannot_be_filtered_is_refused():
    vocals, drums = member("u_net", "vocals"), member("u_net", "drums")
    with pytest.raises(UserError, match="there is one"):
        post([vocals])
    with pytest.raises(UserError, match="vocals from two models"):
        post([vocals, vocals])
    with pytest.raises(UserError, match="models have none"):
        post([member("conv_tasnet", *SOURCES)])
    with pytest.raises(UserError, match="differs among the models"):
        post([vocals, member("u_net", "bass", hop=8)])
    with pytest.raises(UserError, match="differs among the models"):
        post([vocals, drums], transform={"window": 64, "hop": 8})
