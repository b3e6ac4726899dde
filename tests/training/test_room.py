"""The memory that a process can have is the least of the machine's and its cgroups'."""

import pytest
import torch

from hdemucs.preflight.device_memory import GIB, Room, fenced, forget_peak, held, peak, room

CPU = torch.device("cpu")
KIB_OF_GIB = 2**20


@pytest.fixture
def machine(tmp_path):
    """A /proc of 64 GiB, 40 of them free, and a process that has 1; its cgroups are to be given."""
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    lines = [
        f"MemTotal: {64 * KIB_OF_GIB} kB",
        f"MemAvailable: {40 * KIB_OF_GIB} kB",
        "HugePages: 0",
    ]
    (proc / "meminfo").write_text("\n".join(lines))
    (proc / "self/status").write_text(f"Name: python\nVmRSS:\t{KIB_OF_GIB} kB\n")
    return proc


def group(folder, version, limit, used=0, cache=0):
    folder.mkdir(parents=True, exist_ok=True)
    names = {
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        2: ("memory.max", "memory.current", "inactive_file"),
    }[version]
    (folder / names[0]).write_text(f"{limit if limit == 'max' else limit * GIB}\n")
    (folder / names[1]).write_text(f"{used * GIB}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cache * GIB}\n")


def mounted(proc, cgroups, version, root="/", own="/slurm/job"):
    kind, options = ("cgroup2", "rw") if version == 2 else ("cgroup", "rw,memory")
    line = f"35 31 0:32 {root} {cgroups} rw,relatime shared:9 - {kind} {kind} {options}\n"
    (proc / "self/mountinfo").write_text(f"22 1 254:0 / / rw - ext4 /dev/vda rw\n{line}")
    names = f"0::{own}\n" if version == 2 else f"5:cpu:/x\n4:memory:{own}\n"
    (proc / "self/cgroup").write_text(names)


def test_without_cgroups_it_is_the_machines(machine):
    assert room(CPU, machine) == Room(64.0, 41.0)


@pytest.mark.parametrize("version", [1, 2])
def test_a_cgroup_limits_it(machine, tmp_path, version):
    group(tmp_path / "cg/slurm/job", version, 16, used=6, cache=2)
    mounted(machine, tmp_path / "cg", version)
    assert room(CPU, machine) == Room(16.0, 13.0)  # 16 - 6 + 2, and the 1 that is ours


@pytest.mark.parametrize("version", [1, 2])
def test_a_cgroup_above_limits_it_too(machine, tmp_path, version):
    group(tmp_path / "cg/slurm/job", version, "max" if version == 2 else 2**33 - 1)
    group(tmp_path / "cg/slurm", version, 24, used=20)
    mounted(machine, tmp_path / "cg", version)
    assert room(CPU, machine) == Room(24.0, 5.0)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("root", ["/slurm/job", "/elsewhere"])
def test_inside_a_container_its_cgroup_is_the_mount(machine, tmp_path, version, root):
    group(tmp_path / "cg", version, 8)
    mounted(machine, tmp_path / "cg", version, root)
    assert room(CPU, machine) == Room(8.0, 8.0)


def test_this_machine_has_some():
    here = room(CPU)
    assert 0 < held(CPU) < here.free <= here.total


def test_the_peak_is_of_what_came_since_it_was_forgotten():
    forget_peak(CPU)
    before = peak(CPU)
    torch.ones(2**26)  # 256 MiB
    assert peak(CPU) == pytest.approx(before + 0.25, abs=0.05)
    forget_peak(CPU)
    assert peak(CPU) == pytest.approx(before, abs=0.05)


def test_allocations_beyond_the_fence_fail_and_kill_nobody():
    with fenced(CPU, held(CPU) + 1.0), pytest.raises(RuntimeError, match="memory"):
        torch.empty(2**30)  # 4 GiB
    torch.empty(2**30)
