"""Memory of a process that makes big tensors again and again."""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8  # glibc's malloc.h
NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Have malloc keep the memory that big tensors free, for the next ones.

    By default, glibc maps every big tensor anew and the kernel clears its pages again. On a CPU,
    that takes a quarter of a training step, and up to a third of a song's separation. Threads share
    one heap, because what they have of their own cannot hold a big tensor. Other C libraries are
    left as they are.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(ARENA_MAX, 1)
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, NEVER)
