"""Compiled layers and bf16 change the speed of training, not what it does."""

import json
import os
import subprocess
import sys

import pytest

from hdemucs.errors import UserError
from hdemucs.models.family import build
from hdemucs.training.compiled import compiled
from hdemucs.training.learner import Learner
from tests.training.runs import ALONE, MODELS, config


def compared(model, backend, steps=12):
    command = [sys.executable, "-m", "tests.training.compiled_run", model, backend, str(steps)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def hold(found, model):
    """Every layer is compiled, losses stay, and a checkpoint of either serves both."""
    count = len(list(build(MODELS[model], seed=1).compile_units()))
    assert found["graphs"] >= 0.9 * count  # layers that are alike share theirs
    assert found["compiled"] == pytest.approx(found["plain"], rel=1e-3)
    assert found["same_names"]
    assert found["plain_then_compiled"] == pytest.approx(found["plain_on"], rel=1e-3)
    assert found["compiled_then_plain"] == pytest.approx(found["compiled_on"], rel=1e-3)
    assert found["bf16"] == pytest.approx(found["plain"], rel=1e-2)
    assert found["bf16_compiled"] == pytest.approx(found["plain"], rel=1e-2)
    assert found["bf16"] != found["plain"]  # it was on
    assert found["bf16_compiled"] != found["compiled"]


def test_losses_stay_when_layers_are_compiled():
    """By the compiler's front half, which is what could change the mathematics."""
    hold(compared("waveform", "aot_eager"), "waveform")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["hybrid", "waveform"])
def test_losses_stay_when_layers_become_machine_code(model):
    """A minute or two of a C++ compiler."""
    hold(compared(model, "inductor"), model)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch, of itself
def test_the_compiled_network_has_the_model_s_own_weights():
    model = build(MODELS["hybrid"], seed=1)
    twin = compiled(model)
    ours, theirs = dict(model.named_parameters()), dict(twin.named_parameters())
    assert ours.keys() == theirs.keys()
    assert all(ours[name] is theirs[name] for name in ours)
    assert model.state_dict().keys() == twin.state_dict().keys()


def test_layers_with_an_lstm_are_left_to_torch():
    found = list(build(MODELS["hybrid"], seed=1).compile_units())
    assert found
    assert not any("LSTM" in type(m).__name__ for layer in found for m in layer.modules())


def test_without_a_compiler_it_is_refused_early(monkeypatch):
    monkeypatch.setenv("CXX", os.devnull + "-c++")
    with pytest.raises(UserError, match=r"set training\.compile to false"):
        Learner(build(MODELS["waveform"], seed=1), config(compile=True), ALONE)
