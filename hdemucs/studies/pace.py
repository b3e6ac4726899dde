"""CPU time of a training step: python -m hdemucs.studies.pace CONFIG MANIFEST DATA SECONDS

It measures whole updates of the weights, on real batches augmented as in training, in one thread.
Validation is not included. It prints the seconds of CPU time per step.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import torch

from hdemucs.config.load import load
from hdemucs.config.training import TrainConfig
from hdemucs.data.manifest import Manifest, load_manifest
from hdemucs.errors import one_line
from hdemucs.memory import keep_freed_memory
from hdemucs.training.processes import joined
from hdemucs.training.run import prepared

WARM, LEAST = 2, 3  # numbers of steps before timing, and of timed steps at least


def pace(config: TrainConfig, manifest: Manifest, data: Path, seconds: float) -> float:
    """The CPU seconds that a training step of a system takes.

    At least LEAST steps are timed, until `seconds` have passed.
    """
    torch.set_num_threads(config.training.threads)
    keep_freed_memory()
    with joined() as processes, tempfile.TemporaryDirectory() as scratch:
        loop = prepared(Path(scratch), data, config, manifest, processes, lambda: False)
        batches = (batch for epoch in count() for batch in loop.batches.epoch(epoch, 0))
        for _ in range(WARM):
            loop.learner.step(next(batches))
        start, made = time.process_time(), 0
        while made < LEAST or time.process_time() - start < seconds:
            loop.learner.step(next(batches))
            made += 1
        return (time.process_time() - start) / made


if __name__ == "__main__":
    asked, songs, root, budget = sys.argv[1:]
    what = load(Path(asked), TrainConfig), load_manifest(Path(songs))
    with one_line():
        print(pace(*what, Path(root), float(budget)))  # noqa: T201
