"""A line of params.yaml changes what it says and no more: at the paper's scale and in small."""

import copy
import json

import pytest

from hdemucs.study.effective import configurations
from hdemucs.study.variants import KINDS, OWN
from tests.grid.study import EPOCHS, PARAMS, TINY, VARIANTS, shortened, small
from tests.training.runs import merged

TRAINED = [name for name in VARIANTS if "bag" not in VARIANTS[name]]
TUNED = [name for name in VARIANTS if "fine_tune" in VARIANTS[name]]
BAGS = [name for name in VARIANTS if "bag" in VARIANTS[name]]
# What follows from others: the configuration that a fine-tuning's or a bag's models had.
DERIVED = {"train.training.start_from.config"}


def configured(scale, *, bare=False, together=False):
    """All files at a scale, of a network a source those of the vocals'.

    `bare`: with every variant's own changes left out. `together`: one network for all sources.
    """
    params = copy.deepcopy(PARAMS)
    small(params)
    params["scale"] = scale
    if bare:
        for variant in params["variants"].values():
            for key in variant.keys() - {*KINDS, "row"}:
                del variant[key]
    if together:
        for family in params["base"]["families"].values():
            family.get("training", {}).pop("per_source", None)
    files = configurations(json.loads(json.dumps(params)))
    own = {name: f"{name}.vocals" for name in VARIANTS if f"train/{name}.vocals.json" in files}
    return {
        name: {
            "train": files[f"train/{own.get(name, name)}.json"],
            "separation": files[f"separation/{name}.json"],
        }
        for name in VARIANTS
    }


PAPER, TINY_GRID = configured("paper"), configured("tiny")
BASE, TINY_BASE = configured("paper", bare=True), configured("tiny", bare=True)
TOGETHER = configured("paper", bare=True, together=True)


def differences(one, other, path=""):
    """Where two trees differ: path -> the first one's value; all of what is of another kind."""
    if not isinstance(one, dict):
        return {} if one == other else {path.lstrip("."): one}
    other = other if isinstance(other, dict) and one.get("kind") == other.get("kind") else {}
    found = {}
    for key in one.keys() | other.keys():
        found |= differences(one.get(key), other.get(key), f"{path}.{key}")
    return found


def leaves(tree, path=""):
    if not isinstance(tree, dict):
        return {path: tree}
    return {k: v for key, sub in tree.items() for k, v in leaves(sub, f"{path}.{key}").items()}


def said(name, *, tiny):
    """What a variant's line changes, its origin's line included."""
    variant = VARIANTS[name]
    origin = said(variant["fine_tune"], tiny=tiny) if "fine_tune" in variant else {}
    tuning = leaves(PARAMS["base"]["fine_tuning"], "train.training")
    own = {part: variant[part] for part in OWN if part in variant}
    scaled = variant.get("paper", {})
    own = merged(own, shortened(scaled, PARAMS["base"], variant.get("family")) if tiny else scaled)
    folder = {"separation": "separation"}
    found = {
        f"{folder.get(part, 'train')}.{part}{path}": value
        for part, tree in own.items()
        for path, value in leaves(tree).items()
    }
    return {path: value for path, value in origin.items() if path not in tuning} | found


@pytest.mark.parametrize("name", TRAINED)
def test_a_variant_differs_from_its_family_in_what_its_line_says(name):
    for grid, base, tiny in ((PAPER, BASE, False), (TINY_GRID, TINY_BASE, True)):
        found, expected = differences(grid[name], base[name]), said(name, tiny=tiny)
        if tiny:  # a size in proportion may be the smallest itself
            before = leaves(base[name])
            expected = {
                k: v for k, v in expected.items() if not (is_size(v) and before.get(f".{k}") == v)
            }
        assert {path: value for path, value in found.items() if path not in DERIVED} == expected


@pytest.mark.parametrize("name", TUNED)
def test_fine_tuning_changes_its_origin_as_the_base_says(name):
    origin = VARIANTS[name]["fine_tune"]
    for grid, scale in ((PAPER, {}), (TINY_GRID, TINY["fine_tuning"])):
        asked = leaves(merged(PARAMS["base"]["fine_tuning"], scale), "train.training")
        found = differences(grid[name], grid[origin])
        mine = leaves(grid[name])
        assert {path: mine[f".{path}"] for path in asked} == asked
        assert found.keys() - asked.keys() == {
            "train.variant", "separation.variant",
            "train.training.start_from.variant", "train.training.start_from.config",
        }  # fmt: skip
        assert found["train.training.start_from.variant"] == origin


@pytest.mark.parametrize("name", BAGS)
def test_a_bag_is_of_the_models_that_its_line_names(name):
    bag = VARIANTS[name]["bag"]
    for grid in (PAPER, TINY_GRID):
        train = grid[name]["train"]
        assert list(train["members"]) == bag["members"]
        rows = [list(each["weights"].values()) for each in train["members"].values()]
        assert rows == bag.get("weights", [[1.0] * 4] * len(rows))
        assert len({each["config"] for each in train["members"].values()}) == len(bag["members"])


def is_size(value):
    """A number, or some; true and false are none."""
    if isinstance(value, list):
        return bool(value) and all(map(is_size, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


@pytest.mark.parametrize("base", [TINY_BASE, configured("quick", bare=True)])
@pytest.mark.parametrize("name", TRAINED)
def test_the_small_scales_switch_nothing_off(name, base):
    """From the paper's they differ in numbers alone, and in how many steps an epoch has.

    Where the paper has a network a source, a small scale may have one for all of them.
    """
    found = differences(base[name], TOGETHER[name])
    del found["train.training.steps_per_epoch"]
    found.pop("train.training.start_from.config", None)
    assert {path for path, value in found.items() if not is_size(value)} == set()


def test_epochs_are_shortened_in_proportion():
    paper, family, tiny = (
        {n: g[n]["train"]["training"]["epochs"] for n in TRAINED if n not in TUNED}
        for g in (PAPER, BASE, TINY_GRID)
    )
    assert tiny == {n: max(1, EPOCHS * epochs // family[n]) for n, epochs in paper.items()}
