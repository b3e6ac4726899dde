"""Reference packages, kept apart from the environment: see requirements.txt beside this file."""

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

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


def demucs_2(module):
    """A module of the package demucs 2.0.3, which is called demucs_2 here: demucs is another one.

    Its `diffq`, which quantises weights and is not installed, is an empty stand-in.
    """
    if "demucs_2" not in sys.modules:
        quantisers = ModuleType("diffq")
        quantisers.UniformQuantizer = quantisers.DiffQuantizer = object
        sys.modules.setdefault("diffq", quantisers)
        folder = FOLDER / "demucs" / "demucs"
        spec = spec_from_file_location(
            "demucs_2", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules["demucs_2"] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules["demucs_2"])
    return import_module(f"demucs_2.{module}")
