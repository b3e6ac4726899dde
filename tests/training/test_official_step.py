"""One step of training is the official code's: loss, gradients and weights after it."""

import dataclasses

import pytest
import torch
from demucs.svd import svd_penalty
from torch.nn import functional as F

from hdemucs.models.demucs.official.names import official_names
from hdemucs.models.family import build
from hdemucs.training.learner import Learner
from hdemucs.training.recipe.mixing.remix import RemixConfig
from hdemucs.training.svd_penalty.penalty import exact
from tests.models.official.counterparts import CASES, load_official_state
from tests.training.runs import ALONE, config

WEIGHT, SMALL = 1e-2, 0.001  # a thousand times the paper's, so that the penalty's part shows
PLAIN = RemixConfig(
    kind="remix", stride=1.0, repitch=None,
    shift=0.0, same_shift=False, swap_channels=0.0, flip_sign=0.0,
    gain=None, remix=None,
)  # fmt: skip
RATE, BETAS = 3e-4, (0.9, 0.9998)


class ExactPenalty:
    """Ours, by full SVD."""

    def __init__(self, model):
        self.model = model

    def descend(self):
        penalty = exact(self.model, SMALL)
        (WEIGHT * penalty).backward()
        return penalty.detach()


def official_step(model, stems, optimiser):
    """What solver.py's `_run_one_epoch` does with a batch, and `svd=base2`; exact SVD."""
    optimiser.zero_grad()
    estimates = model(stems.sum(dim=1))
    loss = F.l1_loss(estimates, stems, reduction="none").mean((2, 3)).mean(0)
    weights = torch.ones(4)
    loss = (loss * weights).sum() / weights.sum()
    penalty = svd_penalty(model, min_size=SMALL, dim=100, niters=4, convtr=True, exact=True)
    (loss + WEIGHT * penalty).backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    optimiser.step()
    return loss.item(), penalty.item(), gradients


def official_adam(model, betas):
    return torch.optim.Adam(model.parameters(), lr=RATE, betas=betas)


def our_learner(name, model, betas):
    """A learner with the official step's recipe and the same weights."""
    plain = config("hybrid" if name == "hybrid" else "waveform")
    adam = dataclasses.replace(
        plain.training.optimiser, learning_rate=RATE, beta1=betas[0], beta2=betas[1]
    )
    training = dataclasses.replace(
        plain.training, penalty=None, mixing=PLAIN, optimiser=adam, segment=4.0
    )
    learner = Learner(
        model, dataclasses.replace(plain, training=training, model=CASES[name].ours), ALONE
    )
    learner.penalty = ExactPenalty(model)
    return learner


@pytest.mark.parametrize("name", ["hybrid", "waveform"])
def test_a_step_is_the_official_one(name):
    theirs = CASES[name].theirs()
    model = load_official_state(build(CASES[name].ours, seed=0), theirs.state_dict())
    stems = torch.randn(4, 4, 2, 8192)
    learner = our_learner(name, model, BETAS)
    before, gradients = {n: p.detach().clone() for n, p in model.named_parameters()}, {}
    learner.optimiser.inner.register_step_pre_hook(
        lambda *_: gradients.update((n, p.grad.clone()) for n, p in model.named_parameters())
    )
    outcome = learner.step(stems)
    loss, penalty, expected = official_step(theirs, stems, official_adam(theirs, BETAS))
    assert outcome.loss.item() == pytest.approx(loss, rel=1e-5)
    assert outcome.penalty.item() == pytest.approx(penalty, rel=1e-5)
    after, names = theirs.state_dict(), official_names(model)
    assert names.keys() == gradients.keys()
    for ours, official in names.items():
        scale = expected[official].abs().max().item()
        atol = 1e-3 * scale + 1e-9  # of a bias that softmax ignores, only rounding is left
        torch.testing.assert_close(gradients[ours], expected[official], rtol=0, atol=atol)
        moved = dict(model.named_parameters())[ours].detach() - before[ours]
        sure = (
            expected[official].abs() > 1e-2 * scale + 1e-7
        )  # Adam's first step is the gradient's sign
        torch.testing.assert_close(
            moved[sure], (after[official] - before[ours])[sure], rtol=1e-2, atol=1e-6
        )


@pytest.mark.parametrize("name", ["hybrid", "waveform"])
def test_steps_are_the_official_ones_by_their_moments_too(name):
    """Adam's first step is as long whatever its betas; in three of them quick ones show. What
    remains is of weights whose gradients are hardly more than rounding."""
    theirs, betas = CASES[name].theirs(), (0.5, 0.75)
    model = load_official_state(build(CASES[name].ours, seed=0), theirs.state_dict())
    before = {n: p.detach().clone() for n, p in theirs.named_parameters()}
    learner, adam = our_learner(name, model, betas), official_adam(theirs, betas)
    generator = torch.Generator().manual_seed(0)
    for scale in (0.1, 1.0, 0.3):
        stems = scale * torch.randn(4, 4, 2, 8192, generator=generator)
        learner.step(stems)
        official_step(theirs, stems, adam)
    names = {official: ours for ours, official in official_names(model).items()}
    ours, after = dict(model.named_parameters()), dict(theirs.named_parameters())
    with torch.no_grad():
        moved = torch.cat([(after[n] - before[n]).flatten() for n in names])
        apart = torch.cat([(ours[names[n]] - after[n]).flatten() for n in names])
    assert apart.norm() < 0.03 * moved.norm(), (apart.norm() / moved.norm()).item()
