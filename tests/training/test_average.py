"""Averages of the weights are the official code's, and those that are kept are the best ones."""

import csv
import io
import json

import pytest
import torch
from demucs.ema import ModelEMA
from torch import nn

from hdemucs.config.training import AverageConfig
from hdemucs.models.store import load_model
from hdemucs.training.average import Average, Averages
from hdemucs.training.learner import Learner
from hdemucs.training.validation import Validation
from tests.training.runs import ALONE, config, directory, trained


def moved(model, generator):
    """As if by a step of training."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))


def test_an_average_is_weighted_by_the_powers_of_its_decay():
    """Of 1, 2 and 4: (4 + 2 d + d^2) / (1 + d + d^2), so the first value is no bias."""
    model = nn.Linear(1, 1, bias=False)
    average = Average(model, 0.5)
    for value in (1.0, 2.0, 4.0):
        nn.init.constant_(model.weight, value)
        average.update()
    assert average.weights["weight"].item() == pytest.approx((4 + 2 * 0.5 + 0.25) / 1.75)


def test_averages_by_steps_and_by_epochs_are_the_official_ones():
    model, generator = nn.Linear(4, 3), torch.Generator().manual_seed(0)
    ours = Averages(model, AverageConfig(step=(0.9, 0.999), epoch=(0.5,)))
    theirs = {"step-0.9": ModelEMA(model, 0.9), "step-0.999": ModelEMA(model, 0.999)}
    by_epoch = ModelEMA(model, 0.5)
    for step in range(1, 16):
        moved(model, generator)
        ours.after_step()
        for each in theirs.values():
            each.update()
        if step % 5 == 0:
            ours.after_epoch()
            by_epoch.update()
    for name, official in {**theirs, "epoch-0.5": by_epoch}.items():
        torch.testing.assert_close(ours.by_name[name].weights, official.state)


def test_an_average_goes_on_where_it_was():
    model, generator = nn.Linear(4, 3), torch.Generator().manual_seed(0)
    one, other = Average(model, 0.9), Average(model, 0.9)
    for step in range(6):
        if step == 3:
            other.restore({name: tensor.clone() for name, tensor in one.state().items()})
        moved(model, generator)
        one.update()
        if step >= 3:
            other.update()
    for name, tensor in one.state().items():
        assert torch.equal(tensor, other.state()[name])


# A rate at which the model runs about and its averages are better; one at which it only improves.
CASES = {
    "step-0.8": {"optimiser": {"learning_rate": 1e-1}, "epochs": 2},
    "model": {"optimiser": {"learning_rate": 2e-2}, "epochs": 2},
}


@pytest.mark.parametrize("who", CASES)
def test_the_published_weights_are_the_best_that_validation_saw(songs, tmp_path, who):
    """Scored again as in their epoch they have the loss that was noted, to the last bit."""
    root, manifest = songs
    options = {**CASES[who], "averages": {"step": [0.8], "epoch": []}}
    folder = trained(directory(tmp_path / "run", manifest, **options), root)
    done = json.loads((folder / "DONE.json").read_text())
    rows = list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))
    losses = [float(row[f"loss_{name}"]) for row in rows for name in CASES]
    assert len(set(losses)) == 2 * len(rows)
    assert done["valid_loss"] == pytest.approx(min(losses), rel=1e-6)
    assert done["weights"] == who
    model = load_model(folder).model
    learner = Learner(model, config(**options), ALONE)
    validation = Validation(root, manifest, config(**options), ALONE, learner.objective)
    again = validation.score(model, done["epoch"] - 1, lambda: None)
    assert again.loss == done["valid_loss"]
