"""dvc.yaml names what a stage reads; its code is in the one file that `resolve` writes."""

import importlib
import inspect
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hdemucs.study.code import BEFORE, BY_VARIANT, stages

ROOT = Path(__file__).parents[2]
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
NAMED = stages(ROOT)


def body(stage):
    return stage.get("do", stage)


def test_every_module_of_stages_is_a_stage():
    assert sorted(STAGES) == sorted([*BEFORE, *NAMED])


@pytest.mark.parametrize("name", NAMED)
def test_a_stage_depends_on_its_code_by_one_file_and_on_no_list(name):
    each = "/${item}" if "foreach" in STAGES[name] else ""
    code = [dep for dep in body(STAGES[name])["deps"] if dep.startswith(("configs/", *PACKAGES))]
    assert code == [f"configs/code/{name}{each}.json"]


def test_what_writes_the_code_depends_on_all_of_it():
    assert STAGES["resolve"]["deps"] == ["data/own", "hdemucs", "stages"]


@pytest.mark.parametrize("name", NAMED)
def test_a_stage_is_done_for_each_variant_where_its_module_takes_one(name):
    taken = bool(inspect.signature(importlib.import_module(f"stages.{name}").main).parameters)
    assert taken == ("foreach" in STAGES[name]) == (name in BY_VARIANT)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_a_sentence(name):
    """Thin: what a stage does is in hdemucs/."""
    module = ROOT / "stages" / f"{body(STAGES[name])['cmd'].split('.')[1].split()[0]}.py"
    assert len(module.read_text().splitlines()) <= 90


PACKAGES = ("hdemucs", "stages")
