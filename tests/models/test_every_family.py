"""What every family of parts.toml is held to, at its smallest: see tests/systems.py."""

import dataclasses
import math

import pytest
import torch

from hdemucs.config.separation import SeparationConfig
from hdemucs.models.family import Separator, build, skeleton
from hdemucs.models.store import load_model, save_model
from hdemucs.registry import places
from hdemucs.separation.overlap import Readable
from hdemucs.separation.separate import stream
from tests.systems import tiny

KINDS = sorted(places()["model"])
RATE = 8000
STEP = 1e-7  # along the gradient, in the space of all weights
# Those whose estimates need more than they tell of.
IN_CONTEXT = [k for k in KINDS if type(skeleton(tiny(k))).centre is not Separator.centre]


@pytest.fixture(scope="module", params=KINDS)
def config(request):
    return tiny(request.param)


@pytest.fixture(scope="module")
def model(config):
    """In evaluation mode."""
    return build(config, seed=3).eval()


def noise(*shape):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("length", [3, 1001, 4000])
@torch.no_grad()
def test_estimates_are_as_long_as_the_mixture(model, length):
    assert model(noise(2, 2, length)).shape == (2, 4, 2, length)


@torch.no_grad()
def test_the_middle_is_estimated_from_a_valid_length(model):
    """What `centre` gives is centred, and as long as was asked for."""
    wanted = 900
    valid = model.valid_length(wanted)
    given = model.centre(noise(1, 2, valid)).shape[-1]
    assert wanted <= given <= valid
    assert (valid - given) % 2 == 0


@pytest.mark.parametrize("kind", IN_CONTEXT)
@torch.no_grad()
def test_context_is_what_surrounds(kind):
    """A mixture alone and the same one amid silence are the same to such a network."""
    model = build(tiny(kind), seed=3).eval()
    mix = noise(1, 2, 900)
    missing = model.valid_length(900) - 900
    surrounded = torch.nn.functional.pad(mix, (missing // 2, missing - missing // 2))
    estimates = model.centre(surrounded)
    middle = estimates.narrow(-1, (estimates.shape[-1] - 900) // 2, 900)
    torch.testing.assert_close(middle, model(mix), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_silence_stays_finite(model):
    assert model(torch.zeros(1, 2, 2000)).isfinite().all()


@torch.no_grad()
def test_examples_of_a_batch_do_not_see_each_other(model):
    mix = noise(3, 2, 2000)
    alone = torch.cat([model(example[None]) for example in mix])
    torch.testing.assert_close(model(mix), alone, atol=1e-5, rtol=1e-4)


def configured(kind):
    """The hybrid has a second way to write spectrograms."""
    if kind == "hybrid of magnitudes":
        return dataclasses.replace(tiny("hybrid"), representation="magnitude")
    return tiny(kind)


@pytest.mark.parametrize("kind", [*KINDS, "hybrid of magnitudes"])
def test_gradients_are_the_slopes_of_the_loss(kind):
    """In double precision, with weights so large that outputs have both signs everywhere."""
    model = build(configured(kind), seed=3).double().eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in model.parameters():
            p += 0.2 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    mix, other = noise(1, 2, 3000).double(), noise(1, 4, 2, 3000).double()

    def loss():
        return (model(mix) * other).sum()

    loss().backward()
    norm = math.sqrt(sum(p.grad.square().sum().item() for p in model.parameters()))
    ends = []
    for side in (1, -1):
        with torch.no_grad():
            for p in model.parameters():
                p += side * STEP * p.grad / norm
            ends.append(loss().item())
            for p in model.parameters():
                p -= side * STEP * p.grad / norm
    assert (ends[0] - ends[1]) / (2 * STEP) == pytest.approx(norm, rel=0.01)


def test_every_parameter_learns(config):
    model = build(config, seed=3).train()
    estimates = model(noise(2, 2, 4000))
    (estimates - noise(2, 4, 2, 4000)).square().mean().backward()
    still = [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().any()
    ]
    assert not still


def test_a_seed_is_a_model(config):
    before = torch.get_rng_state()
    once, again, other = (build(config, seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert any(not torch.equal(once[name], other[name]) for name in once)


def test_a_skeleton_has_names_and_shapes(config, model):
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    state = skeleton(config).state_dict()
    assert all(value.is_meta for value in state.values())
    assert {name: value.shape for name, value in state.items()} == shapes


@torch.no_grad()
def test_a_model_is_stored_whole(config, model, tmp_path):
    save_model(tmp_path, model, config, {"sample_rate": RATE})
    loaded, same, *_ = load_model(tmp_path)
    mix = noise(1, 2, 2000)
    assert same == config
    assert torch.equal(loaded(mix), model(mix))


@torch.no_grad()
def test_memory_does_not_grow_with_the_song(model):
    """A song is read in pieces of what one segment needs, and its sources come piece by piece."""
    length, segment, asked = 9001, 2000, []
    mix = noise(2, length)

    def read(start, frames):
        asked.append(frames)
        return mix[:, start : start + frames]

    how = SeparationConfig(segment=segment / RATE, overlap=0.25, shifts=0, max_shift=0.0)
    blocks = list(stream(model, Readable(read, length), RATE, how, torch.Generator()))
    assert sum(block.shape[-1] for block in blocks) == length
    assert all(block.isfinite().all() for block in blocks)
    assert max(asked) <= model.valid_length(segment)
    assert max(block.shape[-1] for block in blocks) <= segment
