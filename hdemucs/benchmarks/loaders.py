"""How fast training data are read.

An example is 11 s. How many GPUs a node can supply follows from the examples that one GPU trains on
per second, --gpu. Its default is ten times that of the paper's V100 (600 epochs of about 19 400
examples in three days on eight: 5.6 examples per second each), the most that TF32 on an H100 may
reach.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import torch

from hdemucs.benchmarks.official_step import installed
from hdemucs.benchmarks.reading import PAPER, SEGMENT, Speed, benchmark, ratio
from hdemucs.bounded import real, whole
from hdemucs.errors import UserError
from hdemucs.files import write_text
from hdemucs.memory import keep_freed_memory

CORES = 64
COUNT, RATE = whole(1, 1000), real(0.01, 1e6)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--songs", type=COUNT, default=8, help="of two minutes (%(default)s)")
    parser.add_argument("--batch", type=COUNT, default=16, help="(%(default)s)")
    parser.add_argument("--rounds", type=COUNT, default=9, help="(%(default)s)")
    parser.add_argument(
        "--gpu",
        type=RATE,
        default=56.0,
        help="examples one H100 trains a second (%(default)s)",
    )


def make(asked: argparse.Namespace, page: Path) -> None:
    """Measure (two minutes on one core) and write the page.

    Raises:
        UserError: what the official loader needs is not installed, or the batch cannot be remixed.
    """
    group = PAPER.remix or 1
    if asked.batch % group:
        problem = f"is no multiple of {group}, the examples that are remixed with each other"
        raise UserError(f"--batch {asked.batch}", problem, f"take {group} or {asked.batch * group}")
    for name, there in (("demucs", installed()), ("ffmpeg", shutil.which("ffmpeg") is not None)):
        if not there:
            raise UserError(name, "is not installed; the official loader needs it", "install it")
    torch.set_num_threads(1)
    keep_freed_memory()  # as the processes that read do
    with tempfile.TemporaryDirectory() as folder:
        speeds = benchmark(Path(folder), asked.songs, asked.batch, asked.rounds)
    write_text(page, written(speeds, asked.batch, asked.gpu))


PAGE = """# Speed of training data

Seconds of four-stem stereo audio at 44.1 kHz per second of one core, from the page cache,
batches of {batch}, one process, loaders in turns; median and range of {rounds} rounds. Made by
`hdemucs bench loaders`.

| loader | seconds a core-second | rounds |
| --- | --- | --- |
{rows}

- Augmented (shift, channel swap, sign, gain, remix; repitch off), ours is **{augmented:.1f} times**
  as fast as the official loader. Reading alone, {reading:.1f} times. The official dataset's
  `torchaudio.load` is served by soundfile: since 2.9, torchaudio needs torchcodec for it.
- How many H100s a node of {cores} cores feeds, at the paper's global batch of 64: **{fed}** if it
  augments too, {pitched} if it repitches a fifth of the examples, as in the paper, and leaves the
  other augmentations to the GPUs, as training does. Assumed: an H100 trains {gpu:g} examples of
  {segment} s a second (ten times a V100 of the paper's: 600 epochs of about 19 400 examples in
  three days on eight), a loader scales with cores, disk and memory keep up.
"""


def written(speeds: list[Speed], batch: int, gpu: float) -> str:
    """The text of the page."""
    found = {speed.name: speed.median for speed in speeds}
    return PAGE.format(
        batch=batch,
        rounds=len(speeds[0].rounds),
        rows="\n".join(row(speed) for speed in speeds),
        augmented=ratio(speeds, "augmented", "augmented"),
        reading=ratio(speeds, "reading", "reading"),
        cores=CORES,
        fed=int(CORES * found["ours, augmented"] / SEGMENT / gpu),
        pitched=int(CORES * found["ours, reading and repitch"] / SEGMENT / gpu),
        gpu=gpu,
        segment=SEGMENT,
    )


def row(speed: Speed) -> str:
    spread = f"{min(speed.rounds):.0f} to {max(speed.rounds):.0f}"
    return f"| {speed.name} | {speed.median:.0f} | {spread} |"
