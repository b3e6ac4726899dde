"""The cheap penalty against the exact one, and both against the official code."""

import dataclasses

import pytest
import torch
from demucs.svd import svd_penalty

from hdemucs.data.segments import of_mixture
from hdemucs.models.demucs.official.names import official_names
from hdemucs.models.family import build
from hdemucs.training.batches import Batches
from hdemucs.training.learner import Learner, mixing_of
from hdemucs.training.recipe.mixing.base import Songs
from hdemucs.training.svd_penalty.penalty import Penalty, PenaltyConfig, exact, penalised
from hdemucs.training.svd_penalty.subspace import product
from tests.family import hybrid_config
from tests.models.official.counterparts import CASES, load_official_state
from tests.training.runs import ALONE, MODELS, config

SMALL = 0.001  # MiB: nearly every matrix of the tiny models
OFFICIAL = dict(
    min_size=SMALL, dim=100, niters=4, convtr=True
)  # conf/svd/base2.yaml but for the size


def pair(name):
    theirs = CASES[name].theirs()
    return theirs, load_official_state(build(CASES[name].ours, seed=0), theirs.state_dict())


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", ["hybrid", "waveform", "v2"])
def test_the_exact_penalty_is_the_official_one(name):
    theirs, ours = pair(name)
    expected = svd_penalty(theirs, exact=True, **OFFICIAL)
    torch.testing.assert_close(exact(ours, SMALL), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["hybrid", "waveform"])
def test_the_exact_penalty_has_the_official_gradient(name):
    theirs, ours = pair(name)
    expected = gradients(theirs, svd_penalty(theirs, exact=True, **OFFICIAL))
    found = gradients(ours, exact(ours, SMALL))
    names = official_names(ours)
    assert {names[name] for name in found} == expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[names[name]], rtol=1e-3, atol=1e-4)


def trained(model, steps):
    """A learner in the midst of training, on noise that it can learn."""
    learner = Learner(build(MODELS[model], seed=1), config(model), ALONE)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        learner.step(torch.randn(4, 4, 2, 6000, generator=generator).cumsum(-1) / 50)
    return learner


@pytest.mark.parametrize("model", ["hybrid", "waveform"])
def test_the_estimate_follows_training(model):
    """One round a step: the value within 1e-3, every matrix' gradient within 1e-2."""
    learner = trained(model, steps=12)
    learner.model.zero_grad()
    estimate = learner.penalty.descend()
    scale = learner.penalty.weight
    found = {
        name: p.grad / scale for name, p in learner.model.named_parameters() if p.grad is not None
    }
    value = exact(learner.model, SMALL)
    expected = gradients(learner.model, value)
    assert estimate <= value * (1 + 1e-6)  # a Rayleigh quotient
    torch.testing.assert_close(estimate, value.detach(), rtol=1e-3, atol=0)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert (found[name] - gradient).norm() <= 1e-2 * gradient.norm(), name


PAPER = {"learning_rate": 3e-4, "beta1": 0.9, "beta2": 0.9998}
BIG = 0.0625  # MiB: sides of 32 to 256


@pytest.fixture(scope="module")
def in_training(songs):
    """A 16-channel hybrid after some tens of steps on songs, by the paper's optimiser."""
    root, manifest = songs
    plain = config("hybrid", optimiser=PAPER, penalty={"min_size": BIG}, steps_per_epoch=50)
    wide = dataclasses.replace(plain, model=hybrid_config(channels=16))
    learner = Learner(build(wide.model, seed=42), wide, ALONE)
    songs = Songs(root=root, manifest=manifest, scale=of_mixture)
    examples = mixing_of(wide, ALONE).examples(songs)
    for stems in Batches(examples, wide.training, ALONE.share).epoch(0, 0):
        learner.step(torch.as_tensor(stems))
    return learner


def gradient_and_gap(one, dtype):
    """Of a matrix' largest squared singular value, by full SVD; and how near the second is."""
    matrix = one.matrix().to(dtype)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    gradient = 2 * values[0] * torch.outer(left[:, 0], right[0])
    return gradient.double(), 1 - (values[1] / values[0]).square().item()


def test_every_gradient_is_right_after_real_training(in_training):
    """Within 1e-2 of the exact one; also where the largest values lie together."""
    penalty, model = in_training.penalty, in_training.model
    model.zero_grad()
    value = penalty.descend()
    torch.testing.assert_close(value, exact(model, BIG).detach(), rtol=1e-5, atol=0)
    gaps = []
    for one in penalty.each:
        true, gap = gradient_and_gap(one, torch.float64)
        rounded, _ = gradient_and_gap(one, torch.float32)
        assert (rounded - true).norm() <= 1e-2 * true.norm(), "single precision has no gradient"
        found = one.seen(one.weight.grad) / penalty.weight
        error = (found - true).norm() / true.norm()
        assert error <= 1e-2, f"{one.name}: {error:.4f}, gap {gap:.1e}"
        gaps.append(gap)
    assert len(gaps) > 25
    assert min(gaps) < 2e-3  # the hard case is among them


def test_the_estimate_follows_a_big_matrix_that_moves():
    """Steps as Adam makes them, the penalty's own pressure included, as in training."""
    generator = torch.Generator().manual_seed(0)
    layer = torch.nn.Linear(1024, 256)
    torch.nn.init.normal_(layer.weight, std=0.03, generator=generator)
    penalty = Penalty(layer, PenaltyConfig(kind="svd", weight=1e-3, min_size=0.1, rank=16), 0)
    optimiser = torch.optim.Adam(layer.parameters(), 3e-4)
    for _ in range(25):
        layer.weight.grad = 1e-5 * torch.randn(layer.weight.shape, generator=generator)
        estimate = penalty.descend()
        torch.testing.assert_close(estimate, exact(layer, 0.1).detach(), rtol=1e-3, atol=0)
        optimiser.step()


def test_the_estimate_is_right_from_the_first_step():
    model = build(MODELS["hybrid"], seed=0)
    estimate = Penalty(
        model, PenaltyConfig(kind="svd", weight=1.0, min_size=SMALL, rank=16), 0
    ).descend()
    torch.testing.assert_close(estimate, exact(model, SMALL).detach(), rtol=1e-3, atol=0)


def test_a_weight_that_is_nothing_stays_so():
    layer = torch.nn.Linear(8, 8)
    torch.nn.init.zeros_(layer.weight)
    penalty = Penalty(layer, PenaltyConfig(kind="svd", weight=1.0, min_size=0.0, rank=16), 0)
    assert penalty.descend() == 0
    assert not layer.weight.grad.any()


def test_biases_and_small_weights_go_free():
    model = build(MODELS["hybrid"], seed=0)
    shapes = [one.weight.shape for one in penalised(model, SMALL)]
    assert all(len(shape) > 1 and shape.numel() >= SMALL * 2**18 for shape in shapes)
    assert list(penalised(model, 1e6)) == []


@pytest.mark.parametrize("count", [1, 8, 53])
def test_products_are_those_of_matrices_however_they_lie(count):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(count, 96, generator=generator)
    matrix = torch.randn(96, 200, generator=generator)
    for each in (matrix, matrix.T.contiguous().T):
        torch.testing.assert_close(product(rows, each), rows @ matrix)
    torch.testing.assert_close(
        product(rows.double(), matrix.double()), rows.double() @ matrix.double()
    )


def test_a_weight_is_one_matrix_whichever_way_its_gradient_comes():
    """The gradient that is added for u and v is u v', seen as the weight is."""
    layer = torch.nn.ConvTranspose1d(6, 4, 3)
    (one,) = penalised(layer, 0.0)
    assert one.turned
    left, right = torch.randn(4), torch.randn(18)
    one.add_gradient(left, right, 2.0)
    torch.testing.assert_close(one.seen(layer.weight.grad), 2 * torch.outer(left, right))
    values = torch.linalg.svdvals(layer.weight.detach().transpose(0, 1).flatten(1))
    torch.testing.assert_close(torch.linalg.svdvals(one.matrix()), values)
