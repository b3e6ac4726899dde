"""A real cluster: nothing is lost, nothing is done twice, and the results stay the same bytes."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hdemucs.benchmarks.launching import Cluster, Variant, simulated
from tests.slurm import clients, jobs, scored, shaken
from tests.slurm.distributed import a_process_of_four_is_killed, four_processes_train_one_model
from tests.slurm.scenario import SCENARIOS
from tests.slurm.study import EPOCHS, Study, output, submitted, tokens
from tests.toy import until

pytestmark = pytest.mark.slurm

assert clients.__name__ and jobs.__name__  # imported, they note their scenarios
DISTRIBUTED = {
    each.__name__: each for each in (four_processes_train_one_model, a_process_of_four_is_killed)
}
SCORED = scored.scores_and_samples_by_jobs
LIMITS = (jobs.a_job_saves_nothing_in_all_its_time, jobs.a_job_reaches_its_time_limit)
LONGEST = (*(each.__name__ for each in LIMITS), SCORED.__name__, *DISTRIBUTED)
NODES = (
    shaken.a_node_is_lost_while_its_job_lives_on,
    shaken.a_node_is_lost_with_its_job,
    shaken.a_node_cannot_start_a_job,
)
CONTROLLER = (
    shaken.the_controller_stops_for_a_while,
    shaken.the_controller_crashes_and_a_job_ends_meanwhile,
)
AT_ONCE = 8  # scenarios side by side; they mostly wait


@pytest.fixture(scope="module")
def undisturbed(cluster, tmp_path_factory) -> Study:
    """`dvc repro` of three variants on three nodes: each needs a whole one."""
    assert cluster
    study = Study(tmp_path_factory.mktemp("undisturbed"), pace=5, cpus_per_task=shaken.WHOLE_NODE)
    began, study.began = time.monotonic(), time.time()
    study.said = study.call("dvc", "repro", "train")
    study.seconds = time.monotonic() - began
    return study.completed()


@pytest.fixture(scope="module")
def befallen(undisturbed, tmp_path_factory) -> Iterator[dict[str, Future[Any]]]:
    """All scenarios, under way, once the undisturbed study has had the cluster to itself."""
    assert undisturbed.seconds
    root = tmp_path_factory.mktemp("scenarios")
    told = {**DISTRIBUTED, SCORED.__name__: SCORED, **SCENARIOS}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        names = sorted(told, key=lambda name: name not in LONGEST)
        yield {name: pool.submit(told[name], root / name) for name in names}


@pytest.fixture(scope="module")
def scoring(befallen) -> scored.Project:
    """A study of real models, scored by jobs."""
    return befallen[SCORED.__name__].result()


@pytest.fixture(scope="module")
def settled(befallen, cluster) -> Path:
    """The cluster, when all scenarios have ended: what follows shakes the whole of it."""
    for future in befallen.values():
        future.exception()
    until(lambda: not output("squeue", "-h", "-o", "%i"))
    return cluster


@pytest.fixture(scope="module")
def without_nodes(settled, tmp_path_factory) -> Iterator[dict[str, Future[Study]]]:
    """Two nodes of three are lost, each under a study, and a fourth is ill."""
    root = tmp_path_factory.mktemp("shaken")
    with ThreadPoolExecutor(len(NODES)) as pool:
        yield {f.__name__: pool.submit(f, root / f.__name__, settled) for f in NODES}


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
        began = float((run.folder / "executions.txt").read_text().split()[0])
        spans.append((run.folder / "DONE.json").stat().st_mtime - began)
    assert max(spans) > 5 * EPOCHS
    assert undisturbed.seconds <= 1.15 * max(spans) + 10


def test_a_study_takes_as_long_as_simulated(undisturbed):
    """Within a quarter, from what its parts took: the machine may be busy with other work.

    The client collects a variant in about the time that it took to come to submit: both are the
    start of a stage.
    """
    starts, variants, submissions = [], [], []
    for name in "abc":
        run = undisturbed.run(name)
        began = float((run.folder / "executions.txt").read_text().split()[0])
        submissions.append(run.attempt.time)
        starts.append(began - run.attempt.time)
        variants.append(Variant((run.folder / "DONE.json").stat().st_mtime - began, 0.0))
    before = min(submissions) - undisturbed.began
    three = Cluster(3, 64, limit=600.0, start=max(starts), requeue=0.0, collect=before)
    foreseen = before + simulated(variants, three).seconds
    told = f"{undisturbed.seconds:.1f} s, {foreseen:.1f} s foreseen: {before:.1f}, {starts}"
    assert 4 / 5 < undisturbed.seconds / foreseen < 5 / 4, told


def test_a_finished_study_runs_nothing(undisturbed):
    assert submitted(undisturbed.call("dvc", "repro")) == []
    results = undisturbed.results()
    assert {f"models/{name}/model.safetensors" for name in "abc"} < results.keys()
    assert "reports/report.txt" in results


def test_two_nodes_train_one_model_and_lose_nothing_with_a_process(befallen):
    """Two processes on each, by gloo; one is killed, and the next job ends in the same bytes."""
    whole, broken = (befallen[name].result() for name in DISTRIBUTED)
    assert whole.weights() == broken.weights()


@pytest.mark.parametrize("name", SCENARIOS)
def test_results_stay_the_same_when(name, befallen, undisturbed):
    assert befallen[name].result().results() == undisturbed.results()


def test_songs_are_separated_and_scored_by_jobs_as_they_are_here(scoring):
    """And a client that is killed meanwhile loses nothing."""
    by_jobs = scored.made(scoring)
    assert {f"reports/scores/{name}.json" for name in scored.NAMES} < by_jobs.keys()
    assert any(path.startswith("samples/hybrid/") for path in by_jobs)
    assert scored.here(scoring) == by_jobs
    assert scored.after_the_client_was_killed(scoring) == by_jobs


@pytest.mark.parametrize("function", NODES, ids=lambda function: function.__name__)
def test_results_stay_the_same_though(function, without_nodes, undisturbed):
    assert without_nodes[function.__name__].result().results() == undisturbed.results()


@pytest.mark.parametrize("function", CONTROLLER, ids=lambda function: function.__name__)
def test_results_stay_the_same_while(function, without_nodes, undisturbed, tmp_path):
    for future in without_nodes.values():
        future.exception()
    assert function(tmp_path).results() == undisturbed.results()
