"""A real cluster: nothing is lost, nothing is done twice, and the results stay the same bytes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.slurm.distributed import a_process_of_four_is_killed, four_processes_train_one_model
from tests.slurm.scenarios import SCENARIOS, a_job_reaches_its_time_limit
from tests.slurm.study import EPOCHS, Study, output, submitted, tokens
from tests.toy import until

pytestmark = pytest.mark.slurm

DISTRIBUTED = (four_processes_train_one_model, a_process_of_four_is_killed)
AT_ONCE = 8  # scenarios side by side; they mostly wait


@pytest.fixture(scope="module")
def undisturbed(cluster, tmp_path_factory) -> Study:
    """`dvc repro` of three variants on three nodes: each needs a whole one."""
    assert cluster
    study = Study(tmp_path_factory.mktemp("undisturbed"), pace=3, cpus_per_task=16)
    study.pipeline()
    began = time.monotonic()
    study.said = study.call("dvc", "repro", "train")
    study.seconds = time.monotonic() - began
    assert submitted(study.call("dvc", "repro")) == []
    return study


@pytest.fixture(scope="module")
def befallen(undisturbed, tmp_path_factory) -> Iterator[dict[str, Future[Study]]]:
    """All scenarios, under way, once the undisturbed study has had the cluster to itself."""
    assert undisturbed.seconds
    root = tmp_path_factory.mktemp("scenarios")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        functions = [*DISTRIBUTED, *SCENARIOS.values()]
        functions.sort(key=lambda function: function is not a_job_reaches_its_time_limit)
        yield {each.__name__: pool.submit(each, root / each.__name__) for each in functions}


def test_one_repro_fills_the_cluster(undisturbed):
    assert submitted(undisturbed.said) == ["a", "b", "c"]
    assert undisturbed.batches() == 1  # one array
    number = tokens(undisturbed.run("a"))[0].split("_")[0]
    hosts = output("sacct", "-X", "-n", "-P", "-j", number, "-o", "NodeList").split()
    assert sorted(hosts) == ["n1", "n2", "n3"]


def test_three_variants_take_hardly_longer_than_one(undisturbed):
    """At most 1.15 times the longest, and 10 s. The trainings wait and do not work, as two cores
    would falsify the figure."""
    spans = []
    for name in "abc":
        run = undisturbed.run(name)
        began = float((run.folder / "lives.txt").read_text().split()[0])
        spans.append((run.folder / "DONE.json").stat().st_mtime - began)
    assert max(spans) > 3 * EPOCHS
    assert undisturbed.seconds <= 1.15 * max(spans) + 10


def test_two_nodes_train_one_model_and_lose_nothing_with_a_process(befallen):
    """Two processes on each, by gloo; one is killed, and the next job ends in the same bytes."""
    whole, broken = (befallen[each.__name__].result() for each in DISTRIBUTED)
    assert whole.results("tiny") == broken.results("tiny")


@pytest.mark.parametrize("name", SCENARIOS)
def test_results_stay_the_same_when(name, befallen, undisturbed):
    study = befallen[name].result()
    assert study.results("a") == undisturbed.results("a")
    if (study.root / "reports/report.txt").exists():
        report = (study.root / "reports/report.txt").read_bytes()
        assert report == (undisturbed.root / "reports/report.txt").read_bytes()
    study.close()


def test_a_node_is_lost_while_its_job_lives_on(befallen, cluster, undisturbed, tmp_path):
    """Two lives at once: the older one finds at its next write that the run is not its own."""
    settle(befallen)
    study = Study(tmp_path, pace=8)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 1), 60)
        node = study.node("a")
        kill_daemon(node)
        until(lambda: len(study.lives("a")) == 2, 90)
        study.pace(0.5)
        said, _ = client.communicate(timeout=60)
    subprocess.run([cluster, "node", node[1:]], check=True)
    assert client.returncode == 0, said
    assert "superseded" in study.run("a").log.read_text()
    assert study.results("a") == undisturbed.results("a")
    assert study.batches() == 1


def test_a_node_is_lost_with_its_job(befallen, cluster, undisturbed, tmp_path):
    settle(befallen)
    study = Study(tmp_path, pace=1)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 2), 60)
        node = study.node("a")
        kill_daemon(node)
        kill_job(study.job("a"))
        said, _ = client.communicate(timeout=120)
    subprocess.run([cluster, "node", node[1:]], check=True)
    assert client.returncode == 0, said
    assert study.lives("a")[1] >= 2
    assert study.results("a") == undisturbed.results("a")
    assert study.batches() == 1


def test_the_controller_stops_for_a_while(befallen, undisturbed, tmp_path):
    settle(befallen)
    study = Study(tmp_path, pace=1)
    with study.start("stages.train", "a") as client:
        until(lambda: study.reached("a", 1), 60)
        subprocess.run(["scontrol", "shutdown", "slurmctld"], check=True)
        time.sleep(15)  # longer than squeue tries by itself
        subprocess.run(["slurmctld"], check=True)
        said, _ = client.communicate(timeout=120)
    assert client.returncode == 0, said
    assert "slurmctld does not answer" in said
    assert study.results("a") == undisturbed.results("a")
    assert study.batches() == 1


def settle(befallen: dict[str, Future[Study]]) -> None:
    """What follows shakes the whole cluster: let the scenarios end first."""
    for future in befallen.values():
        future.exception()
    until(lambda: output("sinfo", "-h", "-N", "-p", "main", "-t", "idle,mix,alloc", "-o", "%N"), 60)


def kill_daemon(node: str) -> None:
    """End slurmd of a node; its jobs live on."""
    home = Path("/etc/slurm/slurm.conf").resolve().parent
    pid = (home / "run" / f"slurmd-{node}.pid").read_text().strip()
    subprocess.run(["kill", "-9", pid], check=True)


def kill_job(number: str) -> None:
    """End a job's processes, SLURM's own for it first, so that nobody is left to tell of it."""
    said = output("scontrol", "listpids", number.split("_")[0]).splitlines()[1:]
    pids = {int(line.split()[0]) for line in said if int(line.split()[0]) > 0}
    keepers = {parent(pid) for pid in pids} - pids
    for pid in [*keepers, *pids]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
