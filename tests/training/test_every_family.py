"""Every family of parts.toml learns; that it goes on after a stop is tested on every variant."""

from dataclasses import asdict

import pytest
import torch

from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.models.family import build
from hdemucs.registry import places
from hdemucs.training.learner import Learner
from tests.systems import tiny
from tests.training.runs import ALONE, content

PLAIN = dict(repitch=None, shift=0.0, swap_channels=0.0, flip_sign=0.0, gain=None, remix=None)


@pytest.mark.parametrize("kind", sorted(places()["model"]))
def test_steps_on_one_batch_lower_its_loss(kind):
    asked = content(mixing=PLAIN, optimiser={"learning_rate": 3e-3}, penalty=None)
    config = validated({**asked, "model": asdict(tiny(kind))}, TrainConfig, kind)
    learner = Learner(build(config.model, 3).train(), config, ALONE)
    generator = torch.Generator().manual_seed(5)
    stems = 0.3 * torch.randn(4, 4, 2, 4000, generator=generator).cumsum(-1).sin()
    losses = [learner.step(stems).loss.item() for _ in range(20)]
    assert losses[-1] < 0.98 * losses[0]
