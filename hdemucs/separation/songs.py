"""Separate any song into wav or flac files, one per source, holding one segment in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hdemucs import audio
from hdemucs.config.separation import SeparationConfig
from hdemucs.errors import UserError
from hdemucs.models.ensemble import Ensemble
from hdemucs.progress import Progress
from hdemucs.separation.overlap import Block, Chunk, Readable
from hdemucs.separation.resampled import Resampled
from hdemucs.separation.separate import SILENCE
from hdemucs.separation.system import Heard, stream_system

PIECE = 1 << 18  # samples read at a time for the statistics


@dataclass(frozen=True)
class Output:
    """The form of the output: `<source><suffix>` in the song's folder."""

    suffix: str  # .wav or .flac
    bits: int  # 16, 24, 32; 0: float
    two_stems: str | None  # this source, and `no_<source>`, the sum of all others


def statistics(song: Resampled) -> tuple[float, float]:
    """Mean and standard deviation of the mono mixture, from one pass over the song."""
    total = squares = 0.0
    for start in range(0, song.length, PIECE):
        mono = song.read(start, min(PIECE, song.length - start)).double().mean(0)
        total += mono.sum().item()
        squares += mono.square().sum().item()
    mean = total / song.length
    variance = max(0.0, squares - song.length * mean**2) / max(1, song.length - 1)
    return mean, max(variance**0.5, SILENCE)


def stems_of(block: Block, sources: tuple[str, ...], two_stems: str | None) -> dict[str, Chunk]:
    """The audio [channel, sample] for each file, by the file's name."""
    if two_stems is None:
        return dict(zip(sources, block, strict=True))
    wanted = block[sources.index(two_stems)]
    return {two_stems: wanted, f"no_{two_stems}": block.sum(0) - wanted}


def names_of(sources: tuple[str, ...], two_stems: str | None) -> list[str]:
    """The names of the stems that are written.

    Raises:
        UserError: `two_stems` is not one of the model's sources.
    """
    if two_stems is not None and two_stems not in sources:
        raise UserError(f"--two-stems {two_stems}", "is no source of this model", f"take {sources}")
    return list(sources) if two_stems is None else [two_stems, f"no_{two_stems}"]


def blocks_of(
    ensemble: Ensemble,
    song: Resampled,
    rate: int,
    config: SeparationConfig,
    generator: torch.Generator,
) -> Iterator[Block]:
    """The song's sources, block after block on the CPU, at the song's own scale."""
    device = ensemble.shares.device

    def read(start: int, frames: int) -> Chunk:
        return song.read(start, frames).to(device)

    def shared(_place: int) -> torch.Generator:
        return generator

    with torch.no_grad():
        heard = Heard(Readable(read, song.length), rate, statistics(song))
        yield from (block.cpu() for block in stream_system(ensemble, heard, config, shared))


def write_estimates(
    blocks: Iterable[Block],
    song: Resampled,
    sources: tuple[str, ...],
    rate: int,
    folder: Path,
    output: Output,
) -> int:
    """Write blocks as they come; all files get their names together at the end.

    Returns:
        How many samples were beyond full scale and clipped.
    """
    names, clipped = names_of(sources, output.two_stems), 0
    remove_leftovers(folder)
    progress = Progress(f"separating {song.sound.path.name}", song.length, "samples")
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(
                audio.writing(folder / f"{name}{output.suffix}", rate, song.channels, output.bits)
            )
            for name in names
        }
        pool = stack.enter_context(ThreadPoolExecutor(1, "writer"))  # ends before the files do
        writing: Future[int] | None = None
        for block in blocks:
            stems = stems_of(block, sources, output.two_stems)
            clipped += writing.result() if writing else 0
            writing = pool.submit(write, files, stems)  # while the next block is worked out
            progress.step(block.shape[-1])
        clipped += writing.result() if writing else 0
    progress.close()
    return clipped


def write(files: Mapping[str, Callable[[np.ndarray], int]], stems: Mapping[str, Chunk]) -> int:
    """Write a block of each stem; how many samples clipped."""
    return sum(files[name](stem.numpy()) for name, stem in stems.items())


def remove_leftovers(folder: Path) -> None:
    """Delete unfinished files of processes that no longer run: a killed process cannot."""
    for path in folder.glob(".*.tmp"):
        number = path.name.removesuffix(".tmp").rpartition(".")[2]
        if number.isdecimal() and not alive(int(number)):
            with suppress(OSError):
                path.unlink()


def alive(process: int) -> bool:
    """Whether a process with this number is running, also another user's."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
