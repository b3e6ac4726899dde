"""Packages of the smallest official model, whole or with anything else in them."""

import io
import zipfile

import torch

from hdemucs.model.build import build
from hdemucs.official.exporting import NAMING, Naming
from hdemucs.official.names import official_state
from hdemucs.official.settings import DEMUCS, to_config

KWARGS = {
    "sources": ["a"], "audio_channels": 1, "channels": 4, "depth": 2, "dconv_mode": 0,
    "samplerate": 8_000, "segment": 4,
}  # fmt: skip
TINY = to_config(DEMUCS, KWARGS, "tiny")


def tiny(**changes):
    """A package; `kwargs` are added to, everything else is replaced."""
    plain = {
        "klass": DEMUCS, "args": (), "kwargs": KWARGS,
        "state": official_state(build(TINY, seed=0)), "training_args": {"optim": {"lr": 3e-4}},
    }  # fmt: skip
    return plain | changes | {"kwargs": KWARGS | changes.get("kwargs", {})}


def saved(folder, content):
    """torch.save's file of it, classes by their names."""
    torch.save(content, folder / "evil.th", pickle_module=NAMING)
    return folder / "evil.th"


def dumps(content):
    """The pickle alone, of a package without tensors."""
    buffer = io.BytesIO()
    Naming(buffer, 2).dump(content)
    return buffer.getvalue()


def write(path, pickled, storages=(), compress=zipfile.ZIP_STORED, root="archive"):
    """A file of torch.save's with any pickle in it."""
    with zipfile.ZipFile(path, "w", compress) as file:
        file.writestr(f"{root}/data.pkl", pickled)
        file.writestr(f"{root}/byteorder", "little")
        for key, content in enumerate(storages):
            file.writestr(f"{root}/data/{key}", content)
