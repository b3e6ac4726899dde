"""One tiny data set for all tests of training."""

import pytest

from tests.training.runs import data_set


@pytest.fixture(scope="session")
def songs(tmp_path_factory):
    """(root, manifest)"""
    root = tmp_path_factory.mktemp("songs")
    return root, data_set(root)
