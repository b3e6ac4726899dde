"""The small grid, and its report."""

import pytest

from tests.grid.study import Grid


@pytest.fixture(scope="session")
def grid(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HDEMUCS_JOBS", "1")
        patch.delenv("HDEMUCS_RUNS", raising=False)
        yield Grid(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="session")
def reports(grid):
    return grid.report()
