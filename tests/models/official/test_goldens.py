"""The official models' numbers, without the official package."""

import json

import pytest
import torch

from hdemucs.models.demucs.official.importing import import_official
from hdemucs.models.demucs.official.names import official_parameters
from hdemucs.models.family import build
from tests.family import FAMILY
from tests.models.official.goldens import CASES, FILE, QUANTISED, sampled

GOLDENS = json.loads(FILE.read_text())


@pytest.mark.parametrize("name", CASES)
def test_golden_outputs(name):
    ours = build(FAMILY[name], seed=0)
    estimates = sampled(ours, official_parameters(ours))
    expected = torch.tensor(GOLDENS[name]).reshape(estimates.shape)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(estimates, expected, atol=atol, rtol=0)


def test_a_quantised_checkpoint():
    estimates = sampled(import_official(QUANTISED)[0], [])
    expected = torch.tensor(GOLDENS["quantised"]).reshape(estimates.shape)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(estimates, expected, atol=atol, rtol=0)
