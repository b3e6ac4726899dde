"""The processes of one training: which share of a batch each works on, and on which device."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from hdemucs.data.share import Share

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """This process among those that torchrun, or a cluster, started (RANK, WORLD_SIZE)."""

    share: Share
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes the run's files."""
        return self.share.rank == 0

    @property
    def several(self) -> bool:
        return self.share.count > 1

    def wrapped(self, model: nn.Module) -> nn.Module:
        """The module, with gradients averaged over all processes; its outputs are losses."""
        if not self.several:
            return model
        devices = [self.device] if self.device.type == "cuda" else None
        # find_unused_parameters keeps the order in which gradients are summed. Without it, buckets
        # are
        # rebuilt after the first step, and a resumed run would sum in another order.
        return DistributedDataParallel(
            model,
            devices,
            broadcast_buffers=False,
            gradient_as_bucket_view=True,
            find_unused_parameters=True,
        )

    def from_first(self, tensors: Iterable[Tensor]) -> None:
        """Copy the first process' values of these tensors into them, in place."""
        if self.several:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes."""
        if self.several:
            distributed.all_reduce(values)
            values /= self.share.count
        return values

    def any(self, flag: bool) -> bool:  # noqa: FBT001  a predicate's argument
        """Whether the flag is set in any process."""
        if not self.several:
            return flag
        return self.mean(torch.tensor(float(flag), device=self.device)).item() > 0

    def gathered(self, mine: list[T], count: int) -> list[T]:
        """Results for `count` items in order; process r of n made those of items r, r + n, ..."""
        if not self.several:
            return mine
        parts: list[list[T]] = [[] for _ in range(self.share.count)]
        distributed.all_gather_object(parts, mine)
        return [parts[i % len(parts)][i // len(parts)] for i in range(count)]

    def wait(self) -> None:
        if self.several:
            distributed.barrier()


@contextmanager
def joined() -> Iterator[Processes]:
    """Connect to the other processes, if the environment names any, inside a `with` block."""
    share = Share(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    if share.count > 1:
        distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Processes(share, device)
    finally:
        if share.count > 1:
            distributed.destroy_process_group()
