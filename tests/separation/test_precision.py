"""Networks rebuilt for a CPU, and networks in bf16: the same estimates up to rounding."""

import copy

import pytest
import torch

from hdemucs.models.demucs import channels_last
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import build
from hdemucs.separation.precision import in_precision, prepared
from tests.family import FAMILY

LENGTH = 9000  # samples, more than a span of LSTM steps at the outer levels
ROUNDING = {"fp32": 1e-5, "bf16": 0.1}  # relative, in the 2-norm


def estimates(name, batch, change):
    """Of a network as it is, and after `change`."""
    model = build(FAMILY[name], seed=3).eval()
    mix = torch.randn(batch, 2, LENGTH, generator=torch.Generator().manual_seed(1))
    changed = change(Ensemble([copy.deepcopy(model)])).models[0]
    with torch.no_grad():
        return model(mix), changed(mix)


def apart(a, b):
    return ((a - b).norm() / a.norm()).item()


@pytest.mark.parametrize("name", FAMILY)
def test_a_network_rebuilt_for_a_cpu_estimates_the_same(name):
    before, after = estimates(name, 2, lambda e: prepared(e, "fp32", "cpu"))
    assert apart(before, after) < ROUNDING["fp32"]


@pytest.mark.parametrize("name", ["hybrid", "waveform", "v2", "hybrid-bands"])
def test_bf16_is_near_fp32_and_not_the_same(name):
    before, after = estimates(name, 1, lambda e: prepared(e, "bf16", "cpu"))
    assert after.dtype == torch.float32
    assert 1e-5 < apart(before, after) < ROUNDING["bf16"]


def test_frequencies_a_few_at_a_time_are_all_of_them(monkeypatch):
    monkeypatch.setattr(channels_last, "CACHE", 1)
    before, after = estimates("hybrid", 2, lambda e: prepared(e, "fp32", "cpu"))
    assert apart(before, after) < ROUNDING["fp32"]


def test_what_surrounds_a_network_in_bf16_stays_as_it_was():
    model = build(FAMILY["v2"], seed=0)
    ensemble = in_precision(Ensemble([model]), "bf16")
    assert ensemble.models[0].valid_length(5000) == model.valid_length(5000)
    assert ensemble.models[0].sources == model.sources == ensemble.sources
    assert in_precision(Ensemble([model]), "fp32").models[0] is model
