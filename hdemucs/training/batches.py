"""The examples of every step of an epoch; they follow from the seed, however many processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader

from hdemucs.config.training import TrainingConfig
from hdemucs.data.share import Share
from hdemucs.errors import UserError
from hdemucs.training.recipe.mixing.base import Examples
from hdemucs.training.seeds import seed_for

Batch = Float[Tensor, "batch source channel sample"]


class Batches:
    """The batches of each epoch, starting at any of its steps."""

    def __init__(self, examples: Examples, config: TrainingConfig, share: Share) -> None:
        """Raises UserError if the data does not fill one batch."""
        if len(examples) < config.batch:
            problem = f"is {config.batch}, the data has {len(examples)} examples"
            raise UserError("training.batch", problem, "lower it or add data")
        self.examples, self.config, self.share = examples, config, share
        self.steps = config.steps_per_epoch or len(examples) // config.batch

    def order(self, epoch: int) -> list[int]:
        """Indices of an epoch's examples: all in random order, repeated to fill its steps."""
        generator = torch.Generator().manual_seed(seed_for(self.config.seed, "order", epoch))
        count, order = len(self.examples), list[int]()
        while len(order) < self.steps * self.config.batch:
            order += torch.randperm(count, generator=generator).tolist()
        return order

    def epoch(self, epoch: int, first: int) -> Iterator[Batch]:
        """This process' share of every batch of an epoch, from step `first` on."""
        self.examples.epoch = epoch
        order, size = list(enumerate(self.order(epoch))), self.config.batch
        batches = [
            self.share.of(order[step * size : (step + 1) * size])
            for step in range(first, self.steps)
        ]
        if not self.config.workers:
            return map(self.examples.__getitem__, batches)
        return iter(
            DataLoader(
                self.examples, batch_size=None, sampler=batches, num_workers=self.config.workers,
                worker_init_fn=deaf, pin_memory=torch.cuda.is_available(),
            )
        )  # fmt: skip


def check_batch(config: TrainingConfig, group: int, share: Share) -> None:
    """Check that every process gets whole groups of examples of each batch.

    Raises:
        UserError: the batch is no multiple of processes times `group`.
    """
    unit = share.count * group
    if config.batch % unit:
        problem = f"is {config.batch}, no multiple of {unit} (processes times the mixing's group)"
        raise UserError("training.batch", problem, "change it, or the number of processes")


def deaf(_: int) -> None:
    """Have a reading worker ignore warning signals: the training process answers them."""
    for number in (signal.SIGUSR2, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
