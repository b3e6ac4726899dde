"""Models on disk."""

import json

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.models.family import build
from hdemucs.models.store import load_model, save_model
from tests.family import FAMILY


@pytest.fixture
def saved(tmp_path):
    model = build(FAMILY["hybrid-bands"], seed=1).eval()
    save_model(tmp_path, model, FAMILY["hybrid-bands"], {"variant": "x", "epoch": 3})
    return model, tmp_path


@torch.no_grad()
def test_what_is_saved_comes_back(saved):
    model, folder = saved
    back, config, facts, _ = load_model(folder)
    assert (config, facts) == (FAMILY["hybrid-bands"], {"variant": "x", "epoch": 3})
    mix = torch.randn(1, 2, 3000)
    assert torch.equal(back(mix), model(mix))
    assert not back.training


def test_the_same_weights_are_the_same_bytes(saved, tmp_path):
    model, folder = saved
    save_model(tmp_path / "again", model, FAMILY["hybrid-bands"], {"variant": "x", "epoch": 3})
    for name in ("model.safetensors", "model.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def changed(folder, **changes):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


DAMAGE = {
    "weights cut": lambda f: (f / "model.safetensors").write_bytes(
        (f / "model.safetensors").read_bytes()[:-100]
    ),
    "weights missing": lambda f: (f / "model.safetensors").unlink(),
    "card missing": lambda f: (f / "model.json").unlink(),
    "card cut": lambda f: (f / "model.json").write_text('{"format": '),
    "of another format": lambda f: changed(f, format="hdemucs model 9"),
    "unknown key": lambda f: changed(f, colour="red"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_in_a_line(saved, damage):
    _, folder = saved
    DAMAGE[damage](folder)
    with pytest.raises(UserError, match=r"model\.(json|safetensors)") as refusal:
        load_model(folder)
    assert "\n" not in str(refusal.value)


def test_weights_that_do_not_fit_their_configuration(saved):
    _, folder = saved
    card = json.loads((folder / "model.json").read_text())
    changed(folder, config=card["config"] | {"channels": 16})
    with pytest.raises(UserError, match="does not fit its configuration"):
        load_model(folder)
