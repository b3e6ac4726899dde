"""What several tests of the listening part start from."""

import pytest

from tests.listening.family import inputs


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """A corpus with excerpts and two systems' samples; nobody writes there."""
    return inputs(tmp_path_factory.mktemp("listening"))
