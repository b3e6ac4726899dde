"""A real cluster: three nodes on this machine, with accounting."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PARTS = ("clients", "jobs", "shaken", "distributed", "study")
pytest.register_assert_rewrite(*(f"tests.slurm.{part}" for part in PARTS))

SCRIPT = Path(__file__).parent / "cluster.sh"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """The script that started it. Where none can be, these tests are skipped; not so under CI."""
    asked = subprocess.run([SCRIPT, "able"], capture_output=True, text=True)
    if asked.returncode and "CI" not in os.environ:
        pytest.skip(asked.stderr.strip())
    subprocess.run([SCRIPT, "up"], check=True)
    yield SCRIPT
    if "SLURM_TEST_KEEP" not in os.environ:
        subprocess.run([SCRIPT, "down"], check=True)
