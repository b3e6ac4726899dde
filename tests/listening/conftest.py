"""What several tests of the listening part start from."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hdemucs.listening.publish.folder import publish
from tests.listening.family import inputs, listening_config


@dataclass(frozen=True)
class Published:
    """A listening test on disk."""

    folder: Path
    key: Path


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """A corpus with excerpts and two systems' samples; nobody writes there."""
    return inputs(tmp_path_factory.mktemp("listening"))


@pytest.fixture(scope="session")
def few(material):
    """Two of the excerpts, where that is enough."""
    excerpts = replace(material.excerpts, excerpts=material.excerpts.excerpts[:2], training=())
    return replace(material, excerpts=excerpts)


@pytest.fixture(scope="session")
def published(material, tmp_path_factory):
    """A whole test; nobody writes there."""
    root = tmp_path_factory.mktemp("published")
    publish(listening_config(), material, root / "listening", root / "private" / "key.csv")
    return Published(root / "listening", root / "private" / "key.csv")
