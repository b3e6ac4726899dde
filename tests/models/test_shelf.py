"""A published system comes back as it was, alone or in a bag."""

import pytest
import torch

from hdemucs.errors import UserError
from hdemucs.models.family import build
from hdemucs.models.published import load_published, save_ensemble
from hdemucs.models.store import save_model
from tests.family import FAMILY, SOURCES

MIX = torch.randn(1, 2, 4000, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def shelf(tmp_path):
    for seed, rate in [(0, 16_000), (1, 16_000), (2, 44_100)]:
        config = FAMILY["hybrid"]
        save_model(tmp_path / str(seed), build(config, seed), config, {"sample_rate": rate})
    return tmp_path


@torch.no_grad()
def test_a_model_is_a_bag_of_one(shelf):
    alone = load_published(shelf / "0")
    assert len(alone.ensemble.models) == 1
    torch.testing.assert_close(alone.ensemble(MIX), alone.ensemble.models[0](MIX))


@torch.no_grad()
@pytest.mark.parametrize("rows", [((1.0,) * 4,) * 2, ((3.0, 1.0, 0.0, 1.0), (1.0, 1.0, 1.0, 0.0))])
def test_a_bag_is_the_weighted_mean_of_its_members(shelf, rows):
    weights = {n: dict(zip(SOURCES, row, strict=True)) for n, row in zip("ab", rows, strict=True)}
    save_ensemble(shelf / "bag", {"a": shelf / "0", "b": shelf / "1"}, weights)
    bag = load_published(shelf / "bag").ensemble
    first, second = (load_published(shelf / name).ensemble(MIX) for name in "01")
    each = torch.tensor(rows)
    share = (each / each.sum(0))[:, None, :, None, None]
    torch.testing.assert_close(bag(MIX), share[0] * first + share[1] * second)


def test_what_does_not_go_together_is_refused(shelf):
    alike = dict.fromkeys("ac", dict.fromkeys(SOURCES, 1.0))
    save_ensemble(shelf / "bag", {"a": shelf / "0", "c": shelf / "2"}, alike)
    with pytest.raises(UserError, match="rates"):
        load_published(shelf / "bag")
    with pytest.raises(UserError, match=r"bag\.weights"):
        save_ensemble(shelf / "bad", {"a": shelf / "0"}, {"a": {"drums": 1.0}})
    (shelf / "bag" / "ensemble.json").write_text("{")
    with pytest.raises(UserError, match=r"ensemble\.json"):
        load_published(shelf / "bag")
