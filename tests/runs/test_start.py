"""What every command of `dvc repro` waits for first: a stage imports what it works with."""

import subprocess
import sys

import pytest

ASKED = "import sys; import {what}; print(sorted({heavy} & sys.modules.keys()))"


@pytest.mark.parametrize(
    ("what", "heavy"),
    [
        ("stages.train", {"torch", "scipy.signal", "pandas"}),  # each waits for a job elsewhere
        ("stages.separate", {"scipy.signal", "pandas", "torch._dynamo"}),
        ("hdemucs.cli", {"torch", "scipy.signal", "pandas", "dvc"}),
    ],
)
def test_a_stage_imports_no_more_than_it_works_with(what, heavy):
    assert imported(ASKED.format(what=what, heavy=heavy)) == "[]"


def test_loading_a_model_imports_no_compiler():
    """Names and shapes of a Demucs network's weights are found without computing anything."""
    asked = """
import sys
from tests.family import FAMILY
from hdemucs.models.family import skeleton
for config in FAMILY.values():
    skeleton(config)
print(sorted({"torch._dynamo"} & sys.modules.keys()))
"""
    assert imported(asked) == "[]"


def imported(code):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
