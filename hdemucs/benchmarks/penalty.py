"""The cost and the error of the penalty on the full-size hybrid."""

from __future__ import annotations

import dataclasses
import platform
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hdemucs.benchmarks.official_step import DIMENSIONS, ROUNDS
from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.segments import Segments
from hdemucs.data.share import WHOLE
from hdemucs.files import write_text
from hdemucs.memory import keep_freed_memory
from hdemucs.models.family import build
from hdemucs.progress import track
from hdemucs.runs.songs import songs
from hdemucs.study.effective import train_configuration
from hdemucs.study.params import read_params
from hdemucs.training.learner import Learner
from hdemucs.training.processes import Processes
from hdemucs.training.svd_penalty.penalty import Penalised, Penalty, penalised

LOOKS, SECONDS, BATCH = (1, 20, 60), 1.0, 4  # steps of training at which errors are measured
TIMES = 3
LIMIT = 1e-2  # wanted largest error of a gradient
NEAR = 1e-3  # relative gap below which two values count as close


def seconds(work: Callable[[], object]) -> float:
    """The CPU seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def official(model: torch.nn.Module, min_size: float) -> Tensor:
    """The sum that the official code adds to the loss, computed without its package."""
    total = torch.zeros(())
    for each in penalised(model, min_size):
        weight = each.weight.transpose(0, 1) if each.turned else each.weight
        matrix = weight.flatten(1)
        total = total + torch.svd_lowrank(matrix, DIMENSIONS, ROUNDS)[1][0].square()
    return total


def configuration() -> TrainConfig:
    """The paper's hybrid, with batches that fit a CPU."""
    content = train_configuration(read_params(Path("params.yaml")), "paper", "hybrid")
    config = validated(content, TrainConfig, "params.yaml")
    mixing = dataclasses.replace(config.training.mixing, shift=0.0)
    training = dataclasses.replace(config.training, mixing=mixing, bf16=False, compile=False)
    return dataclasses.replace(config, training=training)


def batches(sample_rate: int) -> Iterator[Tensor]:
    """Segments of the study's songs, taken at whatever rate they have."""
    manifest, root = songs()
    length = int(SECONDS * sample_rate)
    segments = Segments(root, manifest, "train", length, length // 4)
    generator = torch.Generator().manual_seed(0)
    while True:
        chosen = torch.randint(len(segments), (BATCH,), generator=generator).tolist()
        yield torch.as_tensor(segments.batch(chosen))


@dataclass(frozen=True)
class Truth:
    """A matrix' largest squared singular value in double precision, and its vectors."""

    value: float
    gap: float  # between the two largest values, relative to the largest
    gradient: Tensor


def truth(one: Penalised) -> Truth:
    """By eigenvectors of the smaller Gram matrix; its squared condition does no harm here."""
    matrix = one.matrix().double()
    wide = matrix.shape[0] <= matrix.shape[1]
    values, vectors = torch.linalg.eigh(matrix @ matrix.T if wide else matrix.T @ matrix)
    vector, value = vectors[:, -1], values[-1].item()
    left, right = (vector, vector @ matrix) if wide else (matrix @ vector, vector)
    return Truth(value, 1 - values[-2].item() / value, 2 * torch.outer(left, right))


def single(one: Penalised) -> Tensor:
    """The exact gradient in single precision."""
    left, values, right = torch.linalg.svd(one.matrix(), full_matrices=False)
    return 2 * values[0] * torch.outer(left[:, 0], right[0])


def error(gradient: Tensor, true: Tensor) -> float:
    return ((gradient.double() - true).norm() / true.norm()).item()


@torch.no_grad()
def row(step: int, penalty: Penalty) -> str:
    """Compare the estimate after a step, which moved the weights, with the true value."""
    for one in penalty.each:
        one.weight.grad = None
    estimate, reference = penalty.descend().item(), 0.0
    errors, floor, gaps = [], [], []
    for one in penalty.each:
        true = truth(one)
        grad = one.weight.grad
        assert grad is not None
        found = one.seen(grad) / penalty.weight
        reference += true.value
        errors.append(error(found, true.gradient))
        gaps.append(true.gap)
        if true.gap < min(gaps[:-1], default=1.0):
            floor = [error(single(one), true.gradient)]
    far = [f"{gap:.1e}" for each, gap in zip(errors, gaps, strict=True) if each > LIMIT]
    missed = f"{len(far)}" + (f" (gaps {', '.join(far)})" if far else "")
    return (
        f"| {step} | {reference:.3f} | {1 - estimate / reference:.1e} | "
        f"{sorted(errors)[len(errors) // 2]:.4f} | {max(errors):.4f} | {missed} | "
        f"{min(gaps):.1e} | {sum(gap < NEAR for gap in gaps)} | {floor[0]:.4f} |"
    )


def arguments(_parser: ArgumentParser) -> None:
    """None."""


def make(_asked: Namespace, page: Path) -> None:
    """Train a little, compare, and write the page."""
    torch.set_num_threads(1)
    keep_freed_memory()
    config = configuration()
    learner = Learner(build(config.model, 0), config, Processes(WHOLE, torch.device("cpu")))
    settings, examples = learner.penalty, batches(config.sample_rate)
    assert isinstance(settings, Penalty)
    min_size = config.training.penalty.min_size if config.training.penalty else 0.0
    rows, ours, forwards, boths = [], [], [], []
    for step in track(range(1, LOOKS[-1] + 1), "training steps"):
        learner.step(next(examples))
        kept = list(settings.bases)
        ours.append(seconds(settings.descend))
        settings.bases = list(kept)
        if step in LOOKS:
            rows.append(row(step, settings))
            with torch.no_grad():
                forwards.append(seconds(lambda: official(learner.model, min_size)))
            boths.append(
                seconds(lambda: torch.autograd.backward(official(learner.model, min_size)))
            )
        settings.bases = kept  # so that the next step starts as if nothing was measured
        learner.optimiser.inner.zero_grad()
    forward, both = sum(forwards) / len(forwards), sum(boths) / len(boths)
    took, late = sum(ours) / len(ours), sorted(ours[-TIMES:])[TIMES // 2]
    write_text(page, PAGE.format(
        rows="\n".join(rows), ours=took, forward=forward, both=both, ratio=both / took,
        value=forward / took, late=late, later=boths[-1] / late, latest=forwards[-1] / late,
        matrices=len(settings.each), rank=settings.rank, last=LOOKS[-1],
        looks=len(LOOKS), times=TIMES, torch=torch.__version__, machine=platform.machine(),
    ))  # fmt: skip


PAGE = """# The penalty: directions followed from step to step, beside a new randomised SVD

The sum of the largest squared singular values of the {matrices} matrices of the full-size hybrid,
with its gradient, as each training step needs it. Made by `hdemucs bench penalty` in
one run, on one {machine} core, torch {torch}; CPU time in {last} steps of training. Ours: the mean
of all steps, each on weights that have moved, and the median of the last {times}, by when the
largest values lie close together; the others, whose cost stays the same: the mean of {looks} in
between, and the last.

| per step | CPU seconds | to ours, mean | to ours, last |
|---|---|---|---|
| ours (`rank` {rank}), gradient included: mean, last | {ours:.3f}, {late:.3f} | 1 | 1 |
| `torch.svd_lowrank(q=100, niter=4)`, gradient included | {both:.2f} | {ratio:.1f} | {later:.1f} |
| the same without its gradient | {forward:.2f} | {value:.1f} | {latest:.1f} |

Training is on segments of the study's songs, by Adam at the paper's rate, the penalty's own
pressure included. A matrix' gap is 1 - s2^2 / s1^2 of its two largest singular values; its gradient
turns by a rounding error over the gap. Errors are relative to the exact value and gradient in
double precision; the last column is the error of single precision's own full SVD where the gap is
least.

| steps | exact | its error | gradients': median | largest | above 1e-2 | least gap | < 1e-3 | SVD |
|---|---|---|---|---|---|---|---|---|
{rows}

## What else was tried

On weights of the full-size hybrid in 60 steps kept on disk, unless said otherwise; a round is one
product with the matrix and one with its transpose, the mean of the matrices by size. What a state
of training makes hard is not the value but the direction: at the paper's rate a step moves the
spectral norm by up to 4 %, while the second largest squared value is 0.01 % to 1 % away and the
33rd some 5 %; the penalty flattens the top further as it works.

- Products by oneDNN rather than by the library behind `@`, which leaves half of this core's vector
  width unused: 40, 8 and 4 directions (below) then take 0.25 s a step in the mean rather than
  0.31 s, at the last steps 0.31 s rather than 0.37 s. Where `@` is as fast, so is the official
  estimate, which calls the same library.
- Directions kept, residuals before the first added round, places a step before, with oneDNN: 40, 8,
  4: 0.255 s in the mean, 0.31 s at last; 36, 12, 4: 0.25 and 0.31; 40, 16, 4: 0.24 and 0.28; **48,
  16, 4: 0.225 and 0.25**; 48, 16, 8: 0.23 and 0.24; 56, 24, 4: 0.26 and 0.27, with errors of 0.0019
  in the median rather than 0.003.
- The same without: 40, 8, 4: 0.31 s and 0.37 s; 40, 4, 4: 0.35 and 0.42; 32, 8, 4: 0.32 and 0.37;
  32, 4, 4: 0.34 and 0.39, one gradient above 1e-2; 40, 16, 4: 0.31 and 0.38. A direction less is a
  round more: all come to the same.
- As many directions as lie within 6 % to 14 % of the largest value, rather than a fixed number:
  0.35 to 0.38 s, up to three gradients above 1e-2, for others come to lead.
- Residuals of the leading directions and, in turn, of some of the others: 0.33 s.
- Where the directions that lead now were a step before, rather than those that led then: alike.
- All directions settled anew every ten steps: 4 to 6 s each time.
- Eigenvalues of the small products in single precision: 0.30 s rather than 0.31 s, one gradient
  above 1e-2.
- An angle of 6.5e-3, 6e-3, 5.5e-3, 5e-3 at which rounds end: hardly dearer, and the largest errors
  fell from 0.0091 to 0.0067; so 5.5e-3. At the end of a step the error of a gradient is 0.4 to 1.9
  times the angle that was estimated.
- Earlier, once each: plain subspace iteration, 16 directions: 2 % low within 20 steps. One round of
  LOBPCG a step, 16 directions in 48 columns: value within 3e-5, but gradients far off where values
  lie together (14 of 31 matrices of a 16-channel model after 60 steps). Four residuals in every
  round: as many rounds. A random start settled to 1e-2 rather than 1e-3: five gradients of 245
  above 1e-2. Images in double precision: 0.39 s for 0.34 s, errors alike. The two products of a
  round tile by tile, in cache: 0.023 s a round for 0.027 s; not worth its code.
"""
