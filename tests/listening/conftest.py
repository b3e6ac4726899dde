"""What several tests of the listening part start from."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hdemucs.listening.key import key_path
from hdemucs.listening.publish.folder import publish
from hdemucs.listening.secret import draw_secret
from hdemucs.listening.session_list import load_session_list
from tests.listening.family import inputs, listening_config


@dataclass(frozen=True)
class Published:
    """A listening test on disk."""

    folder: Path
    private: Path  # the folder of its key and of the secret, if there is one

    @property
    def key(self) -> Path:
        return key_path(self.private, load_session_list(self.folder).sets)


def real(config, inputs, root):
    """A test whose names a secret was drawn for, below `root`."""
    found = Published(root / "listening", root / "private")
    draw_secret(found.private)
    publish(config, inputs, found.folder, found.private)
    return found


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
    return real(listening_config(), material, tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def rehearsal(few, tmp_path_factory):
    """A test without a secret; nobody writes there."""
    root = tmp_path_factory.mktemp("rehearsal")
    found = Published(root / "listening", root / "private")
    publish(listening_config(), few, found.folder, found.private)
    return found
