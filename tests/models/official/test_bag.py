"""Bags as the official package applies them."""

import pytest
import torch
from demucs.apply import BagOfModels, apply_model

from hdemucs.config.separation import SeparationConfig
from hdemucs.models.ensemble import Ensemble
from hdemucs.models.family import Conditions, build
from hdemucs.separation.separate import in_memory
from hdemucs.separation.system import Heard, stream_system
from tests.family import SOURCES
from tests.models.official.counterparts import CASES, load_official_state

WEIGHTS = [[1.0, 2.0, 0.0, 1.0], [3.0, 1.0, 1.0, 0.5]]


@pytest.mark.parametrize(
    ("names", "weights"), [(["hybrid", "spectrogram"], None), (["waveform", "hybrid"], WEIGHTS)]
)
@torch.no_grad()
def test_a_song_separated_by_a_bag(names, weights):
    """Each model separates the song by itself; blocks are combined as they come."""
    theirs = [CASES[name].theirs().eval() for name in names]
    ours = [build(CASES[name].ours, seed=0).eval() for name in names]
    for model, official in zip(ours, theirs, strict=True):
        load_official_state(model, official.state_dict())
    mix = torch.randn(2, 40_000)
    expected = apply_model(
        BagOfModels(theirs, weights, segment=1.0), mix[None], shifts=0, overlap=0.25
    )[0]
    config = SeparationConfig(segment=1.0, overlap=0.25, shifts=0, max_shift=0.5)
    generator = torch.Generator().manual_seed(0)

    rows = weights and [dict(zip(SOURCES, row, strict=True)) for row in weights]
    as_it_is = Conditions(normalise="none", chunk=None)
    ensemble = Ensemble(ours, rows, [as_it_is] * len(ours))
    song = Heard(in_memory(mix), 16_000, (0.0, 1.0))
    blocks = stream_system(ensemble, song, config, lambda _: generator)
    estimates = torch.cat(list(blocks), dim=-1)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(estimates, expected, atol=atol, rtol=0)
