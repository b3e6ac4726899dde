"""What befalls the cluster itself: its nodes and its controller are lost, for a while or for good.

It befalls all jobs there are, so nothing else runs meanwhile.
"""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.slurm.study import Study, output
from tests.toy import PATIENCE, until

WHOLE_NODE = 16  # cores
NIGHT = "n4"  # the only node of a partition


def a_node_is_lost_while_its_job_lives_on(root: Path, script: Path) -> Study:
    """Two executions at once: the older one finds at its next write that the run is not its own."""
    study, nodes = Study(root, cpus_per_task=WHOLE_NODE), []

    def lose() -> None:
        nodes.append(study.node("a"))
        kill_daemon(nodes[0])
        until(lambda: len(study.executions("a")) == 2, 2 * PATIENCE)

    study.during(1, lose)
    subprocess.run([script, "node", nodes[0][1:]], check=True)
    until(lambda: "superseded" in study.run("a").log.read_text())
    assert study.batches() == 1
    return study.completed()


def a_node_is_lost_with_its_job(root: Path, script: Path) -> Study:
    study, nodes = Study(root, cpus_per_task=WHOLE_NODE), []

    def lose() -> None:
        nodes.append(study.node("a"))
        kill_daemon(nodes[0])
        kill_job(study.job("a"), nodes[0])

    study.during(2, lose)
    subprocess.run([script, "node", nodes[0][1:]], check=True)
    assert study.executions("a")[1] >= 2
    assert study.batches() == 1
    return study.completed()


def a_node_cannot_start_a_job(root: Path, script: Path) -> Study:
    """It is ill, as its prolog finds: SLURM takes no more jobs there and queues this one anew, held
    for an operator to release. It is taken away, and another is submitted."""
    assert script
    study, ill = Study(root, partition="night"), home() / f"ill-{NIGHT}"
    ill.touch()
    with study.start("stages.train", "a") as client:
        until(lambda: study.batches() == 2)
        ill.unlink()
        output("scontrol", "update", f"NodeName={NIGHT}", "State=RESUME")
        said, _ = client.communicate(timeout=2 * PATIENCE)
    assert client.returncode == 0, said
    assert "launch failed" in said
    assert study.executions("a") == [0]
    assert study.batches() == 2
    return study.completed()


def the_controller_stops_for_a_while(root: Path) -> Study:
    """For as long as it takes the client to notice: squeue tries for a while by itself."""
    study = Study(root)
    with study.start("stages.train", "a") as client:
        with study.held(1):
            until(lambda: study.reached("a", 1))
            subprocess.run(["scontrol", "shutdown", "slurmctld"], check=True)
            assert client.stdout is not None
            assert any("slurmctld does not answer" in line for line in client.stdout)
            subprocess.run(["slurmctld"], check=True)
        said, _ = client.communicate(timeout=2 * PATIENCE)
    assert client.returncode == 0, said
    assert study.batches() == 1
    return study.completed()


def the_controller_crashes_and_a_job_ends_meanwhile(root: Path) -> Study:
    """Back again, it knows of no end and may start the job anew, which finds the result."""
    study = Study(root)

    def crash() -> None:
        save_state(study.job("a"))
        os.kill(daemon("slurmctld"), signal.SIGKILL)

    study.during(2, crash)
    subprocess.run(["slurmctld"], check=True)
    until(lambda: not output("squeue", "-h", "-t", "pending,running,completing", "-o", "%i"))
    assert study.executions("a") == [0]
    assert study.batches() == 1
    return study.completed()


def save_state(job: str) -> None:
    """Have the controller write to its disk that a job runs, which it does some seconds late.

    One that crashes before starts the job again on its node; that refuses the second copy, and
    SLURM holds the job for its operator, whoever submitted it.
    """
    state, asked = home() / "state" / "job_state", time.time()
    output("scontrol", "update", f"JobId={job}", "Comment=runs")
    until(lambda: state.stat().st_mtime > asked)


def home() -> Path:
    """Where cluster.sh has its files."""
    return Path("/etc/slurm/slurm.conf").resolve().parent


def daemon(name: str) -> int:
    return int((home() / "run" / f"{name}.pid").read_text())


def kill_daemon(node: str) -> None:
    """End slurmd of a node; its jobs live on."""
    os.kill(daemon(f"slurmd-{node}"), signal.SIGKILL)


def kill_job(number: str, node: str) -> None:
    """End a job's processes, SLURM's own for it first, so that nobody is left to tell of it."""
    said = output("scontrol", "listpids", number.partition("_")[0], node).splitlines()[1:]
    pids = {int(line.split()[0]) for line in said if int(line.split()[0]) > 0}
    workers = {parent(pid) for pid in pids} - pids
    for pid in [*workers, *pids]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
