"""With the official weights, our models give what the official ones give."""

import pytest
import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs

from hdemucs.models.demucs.official.names import (
    official_names,
    official_parameters,
)
from hdemucs.models.family import build, skeleton
from tests.family import SOURCES, V2, hybrid_config, residual, waveform_config
from tests.models.official.counterparts import CASES, load_official_state
from tests.models.official.counterparts import V2 as THEIR_V2

EVERY = pytest.mark.parametrize("name", CASES)


def pair(name):
    """The official model and ours, with its weights."""
    theirs = CASES[name].theirs()
    return theirs, load_official_state(build(CASES[name].ours, seed=0), theirs.state_dict())


def mixture(name, length, batch=1):
    return torch.randn(batch, CASES[name].ours.audio_channels, length)


@EVERY
@pytest.mark.parametrize("length", [2561, 5003, 8192])
@torch.no_grad()
def test_same_outputs(name, length):
    theirs, ours = pair(name)
    mix = mixture(name, length)
    expected = theirs(mix)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(ours(mix), expected, atol=atol, rtol=0)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("spectrogram")])
@pytest.mark.parametrize("length", [2, 600])
@torch.no_grad()
def test_same_outputs_on_next_to_nothing(name, length):
    """The official spectrogram-only model refuses less than half a window; ours does not."""
    theirs, ours = pair(name)
    mix = mixture(name, length)
    expected = theirs(mix)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(ours(mix), expected, atol=atol, rtol=0)


@EVERY
def test_same_gradients(name):
    """In double precision: what is left is the float32 window, 1e-7 of the estimates."""
    theirs, ours = pair(name)
    theirs, ours, mix = theirs.double(), ours.double(), mixture(name, 2561, batch=2).double()
    weights = torch.randn(2, len(SOURCES), *mix.shape[1:], dtype=torch.float64)
    for model in (theirs, ours):
        (model(mix) * weights).mean().backward()
    expected = {key: parameter.grad for key, parameter in theirs.named_parameters()}
    nothing = 1e-10 * max(gradient.abs().max().item() for gradient in expected.values())
    for key, parameter in official_parameters(ours):
        atol = 1e-5 * expected[key].abs().max().item() + nothing
        torch.testing.assert_close(parameter.grad, expected[key], atol=atol, rtol=0)


PAPER = dict(depth=6, norm_from=4, residual=residual(lstm_from=4, attention_from=4))
FULL_SIZE = {
    "hybrid": (hybrid_config(**PAPER, channels=48, window=4096), HDemucs, {}),
    "waveform": (waveform_config(**PAPER, channels=64), Demucs, {}),
    "v2": (waveform_config(**{**PAPER, **V2}, channels=64), Demucs, THEIR_V2),
}


@pytest.mark.parametrize("name", FULL_SIZE)
def test_every_tensor_of_the_full_size_has_its_place(name):
    config, official, changes = FULL_SIZE[name]
    with torch.device("meta"):
        theirs = {key: p.shape for key, p in official([*SOURCES], **changes).named_parameters()}
    ours = {key: p.shape for key, p in official_parameters(skeleton(config))}
    assert ours == theirs


def test_a_tensor_without_a_counterpart_is_named():
    theirs, ours = pair("hybrid")
    state = theirs.state_dict()
    state["encoder.9.conv.weight"] = torch.zeros(1)
    with pytest.raises(ValueError, match=r"encoder\.9\.conv\.weight"):
        load_official_state(ours, state)
    assert official_names(ours)["trunk.leave.conv.weight"] == "decoder.1.rewrite.weight"


@pytest.mark.parametrize("name", ["hybrid-wiener", "spectrogram-wiener", "mdx-c511e2ab"])
@torch.no_grad()
def test_the_filter_has_iterations_of_its_own_outside_training(name):
    theirs, ours = pair(name)
    mix = mixture(name, 5003)
    expected = theirs.eval()(mix)
    atol = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(ours.eval()(mix), expected, atol=atol, rtol=0)
    if name == "spectrogram-wiener":
        assert not torch.allclose(ours.train()(mix), expected, atol=10 * atol, rtol=0)
