"""DVC sees this project's pipeline and no other: the toys of tests are not part of it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_only_the_roots_stages_are_known():
    listed = subprocess.run(
        ["dvc", "stage", "list", "--all", "--name-only"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert "resolve" in listed
    assert [name for name in listed if ":" in name] == []
