"""cluster.yaml: refused by key before anything is submitted."""

import pytest
import submitit
from ruamel.yaml import YAML

from hdemucs.config.cluster import load_cluster
from hdemucs.errors import UserError
from hdemucs.runs.slurm import parameters
from tests.toy import PROJECT


@pytest.fixture
def local(tmp_path):
    """Write a cluster.local.yaml beside the project's own cluster.yaml."""
    (tmp_path / "cluster.yaml").write_text((PROJECT / "cluster.yaml").read_text())

    def write(text):
        (tmp_path / "cluster.local.yaml").write_text(text)
        return tmp_path

    return write


def test_the_committed_file_is_valid_and_trains_here():
    assert load_cluster(PROJECT.resolve()).executor in {"local", "slurm"}
    assert YAML(typ="safe").load(PROJECT / "cluster.yaml")["executor"] == "local"


def test_the_local_file_overrides_single_lines(local):
    root = local("executor: slurm\nslurm: {partition: gpu, extra: {reservation: night}}\n")
    config = load_cluster(root)
    assert config.executor == "slurm"
    assert config.slurm.partition == "gpu"
    assert config.slurm.extra == {"reservation": "night"}
    assert config.slurm.time == load_cluster(PROJECT).slurm.time


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("executor: pbs", r"executor: is 'pbs'"),
        ("slurm: {partitoin: gpu}", r"cluster\.local\.yaml\.slurm\.partitoin: is no known setting"),
        ("slurm: {time: 24h}", r"slurm\.time: is '24h'"),
        ("slurm: {time: 0}", r"slurm\.time: is 0"),
        ("slurm: {time: 2}", r"slurm\.time: is 2 min, .*give more time"),
        ("slurm: {partition: 'a b'}", r"slurm\.partition: is 'a b'"),
        ("slurm: {gpus_per_node: 8}", r"slurm\.tasks_per_node: is 1 for 8 GPUs a node"),
        ("slurm: {setup: module load cuda}", r"slurm\.setup: is 'module load cuda'"),
        ("poll: 0", r"poll: is 0"),
        ("slurm: {memory_gb: .inf}", r"slurm\.memory_gb.*: is inf"),
        ("slurm: {python: ''}", r"slurm\.python: is ''"),
        ("slurm: {memory_gb: 0}", r"slurm\.memory_gb.*: is 0"),
        ("slurm: {extra: {mem-per-cpu: 4G}}", r"slurm\.extra\.mem-per-cpu: asks for memory a sec"),
        ("slurm: {extra: {array: 0-5}}", r"slurm\.extra\.array: conflicts with"),
        ("slurm: {extra: {job_name: x}}", r"slurm\.extra\.job_name: conflicts with"),
        ("slurm: {extra: {requeue: false}}", r"slurm\.extra\.requeue: conflicts with"),
        ("slurm: {extra: {'a b': 1}}", r"slurm\.extra\.a b"),
        ("scoring: {extra: {signal: USR1}}", r"scoring\.extra\.signal: conflicts with"),
        ("local: {slots: -1}", r"local\.slots: is -1"),
        ("slurm: [", r"cluster\.local\.yaml: is no YAML"),
        ("[1]", r"cluster\.local\.yaml: holds no mapping"),
    ],
)
def test_what_is_wrong_is_named(local, text, match):
    with pytest.raises(UserError, match=match) as refused:
        load_cluster(local(text))
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cluster\.yaml: is missing"):
        load_cluster(tmp_path)


def test_scoring_asks_for_what_training_asks_for_but_one_process(local):
    root = local("slurm: {partition: gpu, nodes: 2, gpus_per_node: 8, tasks_per_node: 8}\n"
                 "scoring: {time: 90}\n")  # fmt: skip
    scoring = load_cluster(root).scoring
    assert (scoring.partition, scoring.time) == ("gpu", 90)
    assert (scoring.nodes, scoring.tasks_per_node, scoring.gpus_per_node) == (1, 1, 1)
    assert load_cluster(PROJECT).scoring is None


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("scoring: {nodes: 2}", r"scoring: asks for several processes"),
        ("scoring: {hours: 2}", r"scoring\.hours"),
        ("scoring: {time: 1}", r"scoring\.time: is 1 min"),
        ("scoring: yes", r"scoring"),
    ],
)
def test_scoring_is_refused_by_key(local, text, match):
    with pytest.raises(UserError, match=match):
        load_cluster(local(text))


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("slurm: {memory_gb: 8}", "--mem=8"),
        ("slurm: {memory_gb: null}", None),
        ("slurm: {memory_gb: null, extra: {mem-per-cpu: 4G}}", "--mem-per-cpu=4G"),
        (
            "slurm: {memory_gb: null, gpus_per_node: 1, extra: {mem_per_gpu: 60G}}",
            "--mem-per-gpu=60G",
        ),
    ],
)
def test_memory_is_asked_for_once_in_the_way_that_the_cluster_wants(
    local, tmp_path, monkeypatch, text, memory
):
    """In the script that submitit hands to sbatch; it only looks whether there is an srun."""
    (tmp_path / "srun").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked = dict(parameters(load_cluster(local(text)).slurm, tmp_path, "name"))
    executor = submitit.AutoExecutor(tmp_path, cluster="slurm")
    executor.update_parameters(**asked)
    script = executor._executor._make_submission_file_text("run", "x")
    options = [line.split()[1] for line in script.splitlines() if line.startswith("#SBATCH --mem")]
    assert len(options) == (memory is not None)
    assert not memory or options[0].replace("_", "-").startswith(memory)
