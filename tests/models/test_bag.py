"""Bags of models."""

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.models.ensemble import Bag
from hdemucs.models.family import build
from tests.family import FAMILY, hybrid_config

MDX = [
    [1.0, 1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [1.0, 0.0, 1.0, 1.0],
    [1.0, 0.0, 1.0, 1.0],
]  # the authors' challenge entry
NAMES = ["waveform", "v2", "hybrid", "hybrid-bands"]


def models():
    return [build(FAMILY[name], seed=1).eval() for name in NAMES]


@torch.no_grad()
def test_equal_weights_are_the_mean():
    members, mix = models(), torch.randn(2, 2, 3001)
    mean = torch.stack([model(mix) for model in members]).mean(0)
    torch.testing.assert_close(Bag(members)(mix), mean)


@torch.no_grad()
def test_each_source_has_its_own_weights():
    members, mix = models(), torch.randn(1, 2, 3001)
    waveform, v2, hybrid, bands = (model(mix)[0] for model in members)
    drums, bass, other, vocals = Bag(members, MDX)(mix)[0]
    torch.testing.assert_close(drums, (waveform[0] + hybrid[0] + bands[0]) / 3)
    torch.testing.assert_close(bass, (waveform[1] + v2[1]) / 2)
    torch.testing.assert_close(other, (hybrid[2] + bands[2]) / 2)
    torch.testing.assert_close(vocals, (hybrid[3] + bands[3]) / 2)


def test_weights_are_on_any_scale():
    members = models()[:2]
    some, more = Bag(members, [[1.0] * 4, [3.0] * 4]), Bag(members, [[10.0] * 4, [30.0] * 4])
    torch.testing.assert_close(some.shares, more.shares)


def test_a_bag_needs_no_more_context_than_its_models():
    assert Bag(models()).valid_length(5003) == models()[0].valid_length(5003)


WRONG = {
    "a row for each model": [[1.0, 1.0, 1.0, 1.0]],
    "a number for each source": [[1.0, 1.0], [1.0, 1.0]],
    "a model for each source": [[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]],
    "no negative weights": [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, -2.0]],
    "numbers": [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, float("nan")]],
}


@pytest.mark.parametrize("what", WRONG)
def test_weights_need(what):
    with pytest.raises(UserError, match=r"bag\.weights"):
        Bag(models()[:2], WRONG[what])


def test_sources_must_agree():
    other = build(hybrid_config(sources=("drums", "rest")), seed=1)
    with pytest.raises(UserError, match="same sources"):
        Bag([models()[0], other])
