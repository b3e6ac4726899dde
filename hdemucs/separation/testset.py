"""A published system's estimates of the test set's songs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch

from hdemucs.audio import Signal
from hdemucs.config.estimation import EstimationConfig
from hdemucs.memory import keep_freed_memory
from hdemucs.models.ensemble import Ensemble
from hdemucs.separation.separate import Song, Sources
from hdemucs.separation.system import filtered, separate_by
from hdemucs.workers import jobs


def generator_of(seed: int, track: str, member: int) -> torch.Generator:
    """Random shifts of one track and model, independent of other tracks and their order."""
    digest = hashlib.sha256(f"{seed}|{track}|{member}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def estimate(
    ensemble: Ensemble, track: str, mixture: Song, rate: int, config: EstimationConfig
) -> Sources:
    """The sources of one whole track, at the scale of its file; each model has its own shifts.

    The song is moved to the models' device, and the sources are returned on the CPU. On a CPU, the
    models of a bag run in parallel, as many as there are cores for.
    """
    torch.set_num_threads(config.threads)
    device = ensemble.shares.device
    mix = mixture.to(device)

    def generator(place: int) -> torch.Generator:
        return generator_of(config.seed, track, place)

    together = at_once(device, config.threads)
    return separate_by(ensemble, mix, rate, config.separation, generator, together).cpu()


def at_once(device: torch.device, threads: int) -> int:
    """How many models run in parallel: one on a GPU, otherwise one per `threads` cores."""
    return max(1, jobs() // threads) if device.type == "cpu" else 1


def separator(
    ensemble: Ensemble, rate: int, config: EstimationConfig
) -> Callable[[str, Signal], dict[str, Signal]]:
    """`estimate` for scoring: maps a track's name and mixture to arrays by source."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        keep_freed_memory()
    there = filtered(ensemble, config.post).eval().to(device)

    def separate(track: str, mixture: Signal) -> dict[str, Signal]:
        sources = estimate(there, track, torch.from_numpy(mixture), rate, config)
        return dict(zip(there.sources, sources.numpy(), strict=True))

    return separate
