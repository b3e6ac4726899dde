"""A real cluster: three nodes on this machine, with accounting."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.slurm.scenarios")

SCRIPT = Path(__file__).parent / "cluster.sh"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """The script that started it. Without root there is none, and these tests are skipped."""
    if os.geteuid() != 0:
        pytest.skip("a SLURM cluster can only be started by root (a container, a CI machine)")
    subprocess.run([SCRIPT, "up"], check=True)
    yield SCRIPT
    if "SLURM_TEST_KEEP" not in os.environ:
        subprocess.run([SCRIPT, "down"], check=True)
