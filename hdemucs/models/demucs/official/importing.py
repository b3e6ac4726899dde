"""Read official checkpoints as our models, without running any code from the file."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from hdemucs.errors import UserError
from hdemucs.models.demucs.build import outlined
from hdemucs.models.demucs.config import DemucsConfig
from hdemucs.models.demucs.separator import Demucs

from .archive import Weights, open_archive
from .hub import is_hub, open_hub
from .names import official_shapes, under_our_names
from .package import facts_of, package
from .pickles import Global, Hostile
from .quantised import is_quantised, restored
from .settings import HDEMUCS, to_config
from .torchaudio import arguments, in_use, is_torchaudio

CURE = "give a .th file of the official demucs package, from a source that you trust"
LONGEST_PROBLEM = 300  # characters
FEWEST_BITS = {False: 16, True: 1}  # least bits of a weight in its file; True: quantised
# What zipfile, torch and our own reading may raise on damaged bytes.
DAMAGED = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError, struct.error,
)  # fmt: skip

Imported = tuple[Demucs, DemucsConfig, dict[str, Any]]


def import_official(path: Path) -> Imported:
    """The model in an official file, its configuration, and facts about it.

    It reads .th files of the official package, its safetensors files for model hubs, and state
    dicts of torchaudio's class.

    Weights may have full or half precision or be quantised by DiffQ. The facts hold the official
    class, sample_rate (Hz), segment (s), and `dropped`: arguments that demucs 4.1.0 does not know
    and drops, too. Memory and time are proportional to the size of the file.

    Raises:
        UserError: the file is missing, damaged or hostile, or holds a model that we do not have.
    """
    try:
        if is_hub(path):
            return imported(open_hub(path), path)
        with zipfile.ZipFile(path) as file:
            return imported(open_archive(path, file), path)
    except FileNotFoundError as error:
        raise UserError(path, "is missing", CURE) from error
    except zipfile.BadZipFile as error:
        problem = f"is no file of torch.save's since version 1.6 ({error})"
        raise UserError(path, in_one_line(problem), CURE) from error
    except (Hostile, OSError) as error:
        raise UserError(path, in_one_line(f"is refused: {error}"), CURE) from error
    except DAMAGED as error:
        problem = f"is refused: it is damaged or hostile ({type(error).__name__}: {error})"
        raise UserError(path, in_one_line(problem), CURE) from error


def in_one_line(text: str) -> str:
    """Remove control characters, which a terminal would obey, from names in the file."""
    return "".join(c if c.isprintable() else "?" for c in text[:LONGEST_PROBLEM])


def imported(archive: Weights, path: Path) -> Imported:
    """Build the model; sizes are compared with the file's before memory is taken for them."""
    if is_torchaudio(archive.content):
        kind, given, state = from_torchaudio(archive)
    else:
        kind, given, state = package(archive.content)
    config = to_config(kind, given, path)
    facts = facts_of(kind, given, path)
    model = outlined(config)
    quantised = is_quantised(state)
    weights = sum(parameter.numel() for parameter in model.parameters())
    if weights * FEWEST_BITS[quantised] > 8 * archive.size:
        raise Hostile(f"its arguments make {weights:,} weights, more than the file can hold")
    tensors = (restored if quantised else plain)(archive, state, model)
    model.load_state_dict(under_our_names(model, tensors), assign=True)
    return model.eval(), config, facts


def from_torchaudio(archive: Weights) -> tuple[Global, dict[str, Any], Mapping[Any, Any]]:
    """A state dict of torchaudio's class, converted to the official package's form."""
    names = in_use(str(name) for name in archive.content)
    state = {official: archive.content[name] for name, official in names.items()}
    shapes = {name: archive.tensor(record).shape for name, record in state.items()}
    return HDEMUCS, arguments(shapes), state


def plain(archive: Weights, state: Mapping[Any, Any], model: Demucs) -> dict[str, Tensor]:
    """The weights at full precision.

    Raises:
        Hostile: a weight is missing, superfluous or of another shape; its name is given.
    """
    shapes = official_shapes(model)
    for name in sorted(shapes.keys() ^ state.keys(), key=str):
        raise Hostile(f"its weights do not fit its arguments (no counterpart for {name!r})")
    return {name: archive.weight(state[name], name, shape) for name, shape in shapes.items()}
