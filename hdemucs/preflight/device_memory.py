"""How much memory this process can get: from the machine, its cgroup, and what is free now.

Containers and clusters limit memory by cgroups, which the machine's own figures do not show. A
process that exceeds its limit is killed.
"""

from __future__ import annotations

import ctypes
import math
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch

GIB = 2**30
PROC = Path("/proc")
PEAK, RESIDENT, MAPPED = "VmHWM", "VmRSS", "VmSize"
KIB = {"darwin": 1}.get(sys.platform, 1024)  # bytes in the unit of ru_maxrss


@dataclass(frozen=True)
class Room:
    """GiB of the device's memory; inf if unknown."""

    total: float  # most that a process can ever have
    free: float  # most that this process can have now, including what it has


def room(device: torch.device, proc: Path = PROC) -> Room:
    """The memory of a GPU, or the least that the machine and all cgroups above us leave."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return Room(total / GIB, (free + torch.cuda.memory_reserved(device)) / GIB)
    known = table(proc / "meminfo")
    limits = [(known.get("MemTotal", math.inf), known.get("MemAvailable", math.inf))]
    limits += cgroups(proc)
    mine = table(proc / "self" / "status").get(RESIDENT, 0.0)
    total, left = (min(values) for values in zip(*limits, strict=True))
    return Room(total / GIB, min(total, left + mine) / GIB)


def table(path: Path) -> dict[str, float]:
    """Lines such as `MemTotal:  1234 kB`, in bytes; empty if there is no such file."""
    with suppress(OSError):
        words = [line.split() for line in path.read_text().splitlines()]
        sized = (word for word in words if word[-1:] == ["kB"])
        return {word[0].rstrip(":"): int(word[1]) * 1024.0 for word in sized}
    return {}


def cgroups(proc: Path) -> Iterator[tuple[float, float]]:
    """Limit and remaining memory, in bytes, of this process' cgroup and all above it."""
    for folder, top in memory_cgroups(proc):
        for place in (folder, *folder.parents):
            if found := limited(place):
                yield found
            if place == top:
                break


def memory_cgroups(proc: Path) -> Iterator[tuple[Path, Path]]:
    """The folder of this process' cgroup, and the topmost visible one, in versions 1 and 2."""
    with suppress(OSError):
        names = [line.split(":", 2) for line in (proc / "self/cgroup").read_text().splitlines()]
        for line in (proc / "self/mountinfo").read_text().splitlines():
            fields, _, (kind, _, options) = parted(line)
            wanted = "memory" if kind == "cgroup" else ""
            if kind == "cgroup2" or (kind == "cgroup" and "memory" in options.split(",")):
                for _, controllers, path in names:
                    if wanted in controllers.split(","):
                        yield beneath(Path(fields[4]), fields[3], path), Path(fields[4])


def parted(line: str) -> tuple[list[str], str, list[str]]:
    """A line of mountinfo: its first fields; after the dash, type, source and options."""
    before, dash, after = line.partition(" - ")
    return before.split(), dash, after.split(maxsplit=2)


def beneath(mount: Path, root: str, path: str) -> Path:
    """A cgroup's folder; the mount point itself if the cgroup is not below what is mounted."""
    with suppress(ValueError):
        folder = mount / Path(path).relative_to(root)
        if folder.is_dir():
            return folder
    return mount


FILES = (  # of versions 2 and 1: files of the limit and the use, and the line of what can be freed
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def limited(folder: Path) -> tuple[float, float] | None:
    """A cgroup's limit and the memory that remains; None if it has no limit."""
    for limit, used, cache in FILES:
        with suppress(OSError, ValueError):  # the word `max` means no limit
            most = float(int((folder / limit).read_text()))
            stat = [line.split() for line in (folder / "memory.stat").read_text().splitlines()]
            droppable = {key: int(value) for key, value in stat}.get(cache, 0)
            return most, most - int((folder / used).read_text()) + droppable
    return None


def forget_peak(device: torch.device) -> None:
    """Give back unused memory, and measure the peak from here on."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        with suppress(AttributeError):  # other C libraries than glibc do not have it
            ctypes.CDLL(None).malloc_trim(0)
        with suppress(OSError):
            (PROC / "self/clear_refs").write_text("5")


def peak(device: torch.device) -> float:
    """GiB at the peak since `forget_peak`; on a CPU, of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / GIB
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    return table(PROC / "self/status").get(PEAK, whole) / GIB


def held(device: torch.device) -> float:
    """GiB in use at present."""
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device) / GIB
    mine = table(PROC / "self/status")
    return mine[RESIDENT] / GIB if RESIDENT in mine else peak(device)


@contextmanager
def fenced(device: torch.device, most: float) -> Iterator[None]:
    """On a CPU, let allocations beyond `most` GiB fail in the block, before memory is full."""
    mine = table(PROC / "self/status")
    if device.type == "cuda" or MAPPED not in mine or math.isinf(most):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = int(mine[MAPPED] - mine[RESIDENT] + most * GIB)
    known = [value for value in (soft, hard) if value != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
