"""A published system's estimates of the test set's songs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import torch

from hdemucs.audio import Signal
from hdemucs.config.estimation import EstimationConfig
from hdemucs.memory import keep_freed_memory
from hdemucs.models.ensemble import Ensemble
from hdemucs.separation.overlap import Block, Wanted
from hdemucs.separation.separate import Song
from hdemucs.separation.side_by_side import whole
from hdemucs.separation.system import Heard, filtered, stream_system
from hdemucs.workers import jobs

NEEDED = 4 * 2**30  # bytes for a full-size model's segment of 44 s: benchmarks/separation.md

Estimates = dict[str, Signal]  # by source
Spans = Sequence[tuple[int, int]]  # parts of a song, samples [first, last)
Separate = Callable[[Iterable[tuple[str, Signal]]], Generator[Estimates, None, None]]


def generator_of(seed: int, track: str, member: int) -> torch.Generator:
    """Random shifts of one track and model, independent of other tracks and their order."""
    digest = hashlib.sha256(f"{seed}|{track}|{member}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def estimate(
    ensemble: Ensemble,
    track: str,
    mixture: Song,
    rate: int,
    config: EstimationConfig,
    spans: Spans | None = None,
) -> Iterator[Block]:
    """The sources of one track, block after block, at the scale of its file.

    Each model has its own shifts. The song is moved to the models' device. On a CPU, the models of
    a bag run in parallel, as many as there are cores for. Outside of `spans`, samples may be NaN.
    """
    torch.set_num_threads(config.threads)
    device = ensemble.shares.device
    mix = mixture.to(device)

    def generator(place: int) -> torch.Generator:
        return generator_of(config.seed, track, place)

    wanted = None if spans is None else Wanted(tuple(spans), len(ensemble.sources))
    together = at_once(device, config.threads)
    heard = Heard.of(mix, rate, wanted)
    yield from stream_system(ensemble, heard, config.separation, generator, together)


def at_once(device: torch.device, threads: int) -> int:
    """How many models run in parallel: one on a GPU, otherwise one per `threads` cores."""
    return max(1, jobs() // threads) if device.type == "cpu" else 1


def songs_at_once(device: torch.device, threads: int, models: int) -> int:
    """How many songs run in parallel: on a CPU, as many as cores and memory allow."""
    places = at_once(device, threads)
    if device.type == "cpu":
        places = min(places, memory() // NEEDED)
    return max(1, places // models)


def memory() -> int:
    """The bytes that this process may have: the machine's, or less in a control group (cgroup)."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for line in read(Path("/proc/self/cgroup")).splitlines():
        place = Path("/sys/fs/cgroup") / line.partition("::")[2].lstrip("/")
        limits = [read(each / "memory.max").strip() for each in (place, *place.parents)]
        found = min([found, *(int(limit) for limit in limits if limit.isdecimal())])
    return found


def read(path: Path) -> str:
    """A file of the kernel's; empty where this kernel has none."""
    try:
        return path.read_text()
    except OSError:
        return ""


def separator(
    ensemble: Ensemble,
    rate: int,
    config: EstimationConfig,
    spans: Mapping[str, Spans] | None = None,
) -> Separate:
    """Separate songs of the test set: (name, mixture) of each in turn -> its estimates.

    On a CPU, several songs are separated at a time. What is read stays in order, and independent of
    how many there are. Of a song in `spans`, only what those parts need is separated: they are the
    same samples as of the whole song, and others may be NaN.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        keep_freed_memory()
    there = filtered(ensemble, config.post).eval().to(device)
    together = songs_at_once(device, config.threads, len(there.models))
    parts = spans or {}

    def separate(songs: Iterable[tuple[str, Signal]]) -> Generator[Estimates, None, None]:
        streams = (
            estimate(there, track, torch.from_numpy(mixture), rate, config, parts.get(track))
            for track, mixture in songs
        )
        for blocks in whole(streams, together):
            sources = torch.cat(blocks, dim=-1).cpu().numpy()
            yield dict(zip(there.sources, sources, strict=True))

    return separate
