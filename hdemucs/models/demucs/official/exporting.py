"""Write our models as files that the official package loads, without that package."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import torch

from hdemucs.errors import UserError
from hdemucs.files import write_bytes
from hdemucs.models.demucs.separator import Demucs
from hdemucs.models.store import CARD, load_model

from .names import official_state
from .pickles import Global
from .settings import from_config

SEGMENT = 40.0  # seconds; the default of the official classes, used by the official separation


def export_official(folder: Path, path: Path) -> None:
    """Write the model in `folder` to `path`, for `demucs.states.load_model`.

    Weights keep their full precision, so that outputs are the same. The facts of model.json give
    sample_rate (Hz) and may give segment (s).

    Raises:
        UserError: the model is missing or damaged, the official package has none of its kind,
            or the file cannot be written.
    """
    model, config, facts, _ = load_model(folder)
    if not isinstance(facts.get("sample_rate"), int):
        raise UserError(f"{folder / CARD}: facts.sample_rate", "is missing", "add it, in Hz")
    kind, arguments = from_config(config, folder)
    assert isinstance(model, Demucs)  # because its configuration is Demucs'
    package = {
        "klass": kind,
        "args": (),
        "kwargs": {
            **arguments,
            "samplerate": facts["sample_rate"],
            "segment": facts.get("segment", SEGMENT),
        },
        "state": official_state(model),
        "training_args": {},
    }
    buffer = io.BytesIO()
    torch.save(package, buffer, pickle_module=NAMING)
    write_bytes(path, buffer.getvalue())


class Naming(pickle._Pickler):
    """A pickler that writes a Global as the name it holds, so that nothing need be importable."""

    def save_global_name(self: Any, value: Global) -> None:
        self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())
        self.memoize(value)

    dispatch: ClassVar[Any] = {**pickle._Pickler.dispatch, Global: save_global_name}


NAMING = SimpleNamespace(Pickler=Naming, __name__="pickle")
