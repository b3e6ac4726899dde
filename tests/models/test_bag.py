"""Bags of models."""

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import build
from hdemucs.study.params import read_params
from tests.family import FAMILY, SOURCES, hybrid_config
from tests.pipeline.conftest import ROOT
from tests.systems import tiny

MDX = [
    [1.0, 1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [1.0, 0.0, 1.0, 1.0],
    [1.0, 0.0, 1.0, 1.0],
]  # the authors' challenge entry
NAMES = ["waveform", "v2", "hybrid", "hybrid-bands"]


def by_source(rows):
    """Rows of weights, a number a source, as ensembles take them."""
    return [dict(zip(SOURCES, row, strict=False)) for row in rows]


def models():
    return [build(FAMILY[name], seed=1).eval() for name in NAMES]


@torch.no_grad()
def test_equal_weights_are_the_mean():
    members, mix = models(), torch.randn(2, 2, 3001)
    mean = torch.stack([model(mix) for model in members]).mean(0)
    torch.testing.assert_close(Ensemble(members)(mix), mean)


@torch.no_grad()
def test_each_source_has_its_own_weights():
    members, mix = models(), torch.randn(1, 2, 3001)
    waveform, v2, hybrid, bands = (model(mix)[0] for model in members)
    drums, bass, other, vocals = Ensemble(members, by_source(MDX))(mix)[0]
    torch.testing.assert_close(drums, (waveform[0] + hybrid[0] + bands[0]) / 3)
    torch.testing.assert_close(bass, (waveform[1] + v2[1]) / 2)
    torch.testing.assert_close(other, (hybrid[2] + bands[2]) / 2)
    torch.testing.assert_close(vocals, (hybrid[3] + bands[3]) / 2)


@torch.no_grad()
def test_the_blend_across_domains_weighs_as_kuielab_did():
    """Their spectrogram network and Demucs: bass and drums half and half, other 7:3, vocals 9:1.

    Source: github.com/kuielab/mdx-net-submission, branch leaderboard_A, predict_blend.py.
    """
    blend = read_params(ROOT / "params.yaml")["variants"]["blend_kuielab"]["bag"]
    assert blend["members"] == ["spectrogram", "demucs_v2"]
    members = [build(FAMILY["spectrogram"], seed=1).eval(), build(tiny("demucs_2019"), 1).eval()]
    mix = torch.randn(1, 2, 3001)
    theirs, demucs = (model(mix)[0] for model in members)
    drums, bass, other, vocals = Ensemble(members, by_source(blend["weights"]))(mix)[0]
    torch.testing.assert_close(drums, (theirs[0] + demucs[0]) / 2)
    torch.testing.assert_close(bass, (theirs[1] + demucs[1]) / 2)
    torch.testing.assert_close(other, 0.7 * theirs[2] + 0.3 * demucs[2])
    torch.testing.assert_close(vocals, 0.9 * theirs[3] + 0.1 * demucs[3])


def test_weights_are_on_any_scale():
    members = models()[:2]
    some, more = (
        Ensemble(members, by_source([[scale] * 4, [3 * scale] * 4])) for scale in (1.0, 10.0)
    )
    torch.testing.assert_close(some.shares, more.shares)


def test_a_bag_needs_no_more_context_than_its_models():
    assert Ensemble(models()).valid_length(5003) == models()[0].valid_length(5003)


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
        Ensemble(models()[:2], by_source(WRONG[what]))


@torch.no_grad()
def test_its_sources_are_what_its_members_give_together():
    """A model for each source; one more that gives two of them has its share of these alone."""
    mix, names = torch.randn(1, 2, 3001), (("vocals",), ("drums",), ("drums", "vocals"))
    members = [build(hybrid_config(sources=each), seed=1).eval() for each in names]
    ensemble = Ensemble(members, [{"vocals": 1.0}, {"drums": 3.0}, {"drums": 1.0, "vocals": 0.0}])
    vocals, drums, both = (model(mix)[0] for model in members)
    found = ensemble(mix)[0]
    assert ensemble.sources == ("vocals", "drums")
    torch.testing.assert_close(found[0], vocals[0])
    torch.testing.assert_close(found[1], 0.75 * drums[0] + 0.25 * both[0])
