"""Fixtures of every test."""

import sys

import pytest

pytest.register_assert_rewrite("tests.toy")  # before any test imports it


@pytest.fixture(autouse=True)
def _seed():
    """Where torch's global generator is drawn from, the draws are the same in every run."""
    if torch := sys.modules.get("torch"):  # not worth its import where nobody uses it
        torch.manual_seed(0)
