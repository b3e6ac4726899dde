"""Reference packages, kept apart from the environment: see requirements.txt beside this file."""

import sys
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(sys.prefix) / "reference"


@contextmanager
def on_path(*names):
    """The folders of some packages first on the path; modules stay imported afterwards."""
    folders = [FOLDER / name for name in names]
    for folder in folders:
        assert folder.is_dir(), f"{folder} is missing: run `make test`, which installs it"
    sys.path[:0] = map(str, folders)
    try:
        yield
    finally:
        for folder in folders:
            sys.path.remove(str(folder))
