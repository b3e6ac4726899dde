"""dvc.yaml knows what a training job imports, and every stage's files are there."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hdemucs.runs.identity import code_digests

ROOT = Path(__file__).parents[2]
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]


def body(stage):
    return stage.get("do", stage)


def test_train_hangs_on_the_code_that_decides_weights_and_on_no_other():
    listed = {dep for dep in body(STAGES["train"])["deps"] if dep.startswith("hdemucs")}
    assert listed == {path for path in code_digests(ROOT) if not path.endswith("__init__.py")}


@pytest.mark.parametrize("name", STAGES)
def test_a_stages_code_is_there(name):
    stage = body(STAGES[name])
    for dep in stage["deps"]:
        if dep.startswith(("hdemucs", "stages")):
            assert (ROOT / dep).exists(), dep


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_a_sentence(name):
    """Thin: what a stage does is in hdemucs/."""
    module = ROOT / "stages" / f"{body(STAGES[name])['cmd'].split('.')[1].split()[0]}.py"
    assert len(module.read_text().splitlines()) <= 90
