"""The whole grid by one `dvc repro`: every stage a process of its own, every training a job."""

import pytest

from tests.grid.study import VARIANTS, small
from tests.pipeline.conftest import checkout

HOURS = 3600


@pytest.mark.slow
def test_one_command_makes_the_tables_that_the_stages_make_here(tmp_path, reports):
    project = checkout(tmp_path / "study", small)
    project.dvc("repro", timeout=2 * HOURS)
    for name in ("ablation.csv", "numbers.csv", "reproduction.csv"):
        made = (project.root / "reports/tables" / name).read_bytes()
        assert made == (reports / "tables" / name).read_bytes()
    for name in VARIANTS:
        assert list((project.root / "samples" / name).glob("*.wav"))
    assert (project.root / "reports/listening/index.html").exists()
    assert project.ran("repro") == []
