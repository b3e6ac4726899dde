"""Official checkpoints as our models, without running any code from the file."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from hdemucs.config.model import HybridConfig, WaveformConfig
from hdemucs.errors import Refusal
from hdemucs.model.build import build
from hdemucs.model.separator import Separator

from .archive import Archive, open_archive
from .names import load_official_state
from .pickles import Global, Hostile
from .quantised import is_quantised, restored
from .settings import DEMUCS, FIXED, HDEMUCS, TRANSLATED, to_config

CURE = "give a .th file of the official demucs package, from a source that you trust"
KNOWN_BESIDE = {"sources", "samplerate", "segment", "rescale", "emb_smooth"}

Imported = tuple[Separator, HybridConfig | WaveformConfig, dict[str, Any]]


def import_official(path: Path) -> Imported:
    """The model in an official .th file, its configuration, and facts about it.

    Full, half-precision and DiffQ-quantised weights are read. The facts hold the official
    class, sample_rate (Hz), segment (s), and `dropped`: the arguments that demucs 4.1.0 drops
    too, for it does not know them.

    Raises:
        Refusal: the file is missing, damaged or hostile, or its model is none of ours.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return imported(open_archive(path, file), path)
    except FileNotFoundError as error:
        raise Refusal(path, "is missing", CURE) from error
    except zipfile.BadZipFile as error:
        problem = f"is no file of torch.save's since version 1.6 ({error})"
        raise Refusal(path, problem, CURE) from error
    except (Hostile, OSError, EOFError) as error:
        raise Refusal(path, f"is refused: {error}", CURE) from error


def imported(archive: Archive, path: Path) -> Imported:
    kind, given, state = package(archive.content)
    config = to_config(kind, given, path)
    model = build(config, seed=0)
    tensors = restored(archive, state, model) if is_quantised(state) else plain(archive, state)
    try:
        load_official_state(model, tensors)
    except ValueError as error:
        raise Hostile(f"its weights do not fit its arguments ({error})") from error
    facts = {
        "origin": f"{kind} in {path.name}",
        "sample_rate": number(given.get("samplerate", 44_100), "samplerate"),
        "segment": number(given.get("segment", 40), "segment"),
        "dropped": sorted(given.keys() - TRANSLATED[kind] - FIXED[kind].keys() - KNOWN_BESIDE),
    }
    return model.eval(), config, facts


def package(content: Any) -> tuple[Global, dict[str, Any], Mapping[Any, Any]]:
    """The class, its arguments by name, and its state, out of what serialize_model wrote."""
    match content:
        case {"klass": Global() as kind, "args": args, "kwargs": dict() as kwargs,
              "state": dict() as state}:  # fmt: skip
            given = {**dict(zip(["sources"], args, strict=False)), **kwargs}
        case _:
            raise Hostile("it is no package of the official demucs")
    if kind not in (HDEMUCS, DEMUCS):
        return kind, given, state
    sources = given.get("sources")
    if not isinstance(sources, list | tuple) or not all(isinstance(s, str) for s in sources):
        raise Hostile("its model has no list of sources")
    for name, value in given.items():
        flat = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(v, str | int | float | None) for v in flat):
            raise Hostile(f"its argument {name} is no plain value")
    return kind, given, state


def plain(archive: Archive, state: Mapping[Any, Any]) -> dict[str, Tensor]:
    """Weights as they are, at full precision."""
    return {str(name): archive.tensor(record).float() for name, record in state.items()}


def number(value: Any, name: str) -> int | float:
    if isinstance(value, int | float) and 0 < value < 1_000_000:  # noqa: PLR2004  Hz or seconds
        return value
    raise Hostile(f"its model has {name}={value!r}")
