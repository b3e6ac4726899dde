"""The real pipeline with `scoring` on the cluster too: songs are separated and scored by jobs."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from ruamel.yaml import YAML

from hdemucs.released.obtain import FOLDER
from tests.pipeline.conftest import TINY, Project, checkout, tiny
from tests.rehearsal import others
from tests.slurm.study import submitted
from tests.toy import PATIENCE, until

TRAINED = ["waveform", "hybrid"]
NAMES = [*TRAINED, "released_bag"]  # the bag's models are taken from files; jobs separate with them
STAGES = [f"{stage}@{name}" for stage in ("evaluate", "separate") for name in NAMES]
JOB = {"gpus_per_node": 0, "cpus_per_task": 1, "memory_gb": 0.5, "time": 10, "signal_delay": 60}


def without_others(params):
    known = dict(params["variants"])
    tiny(params)
    params["study"] = NAMES
    params["variants"] = {name: known[name] for name in (*NAMES, "released_bag_waveform")}


def cluster(project: Project, scoring: dict[str, float] | None) -> None:
    """Have training on the cluster, and scoring as said."""
    content = {"executor": "slurm", "poll": 0.5, "slurm": JOB, "scoring": scoring}
    YAML(typ="safe").dump(content, project.root / "cluster.local.yaml")


def made(project: Project) -> dict[str, bytes]:
    """Scores, pictures and samples."""
    places = ("reports/scores", "samples")
    files = [p for place in places for p in (project.root / place).rglob("*") if p.is_file()]
    return {str(path.relative_to(project.root)): path.read_bytes() for path in files}


def released(project: Project, folder: Path) -> None:
    """Lay the bag's files, with random weights, where the study is told to look for them."""
    folder.mkdir()
    files = others.released(folder, TINY["fetch"]["sample_rate"])
    for name, content in files.items():
        (folder / name).write_bytes(content)
    others.listed(project.root / "hdemucs/study/released.toml", files)
    project.env[FOLDER] = str(folder)


def scores_and_samples_by_jobs(root: Path) -> Project:
    """One array for all trainings, one for all evaluations, one for all separations."""
    project = checkout(root, without_others)
    released(project, root.with_name(f"{root.name}-released"))
    cluster(project, scoring={"memory_gb": 1})
    said = project.dvc("repro", "evaluate", "separate").stdout
    assert submitted(said) == sorted([*TRAINED, *STAGES])
    batches = [path.parent.name for path in (project.root / "runs/.batches").glob("*/batch.json")]
    assert len(batches) == 3
    return project


def here(project: Project) -> dict[str, bytes]:
    """The same stages by dvc's own process."""
    cluster(project, scoring=None)
    for path in ("reports/scores", "samples"):
        shutil.rmtree(project.root / path)
    assert submitted(project.dvc("repro", "-f", "-s", *STAGES).stdout) == []
    return made(project)


def after_the_client_was_killed(project: Project) -> dict[str, bytes]:
    """Its job lives on and is found; what the job makes touches nothing until it is whole."""
    cluster(project, scoring={"memory_gb": 1})
    runs = project.root / "runs"
    for folder in runs.glob("evaluate@hybrid-*"):
        shutil.rmtree(folder)
    command = ["dvc", "repro", "-f", "-s", "evaluate@hybrid"]
    with subprocess.Popen(
        command, cwd=project.root, env=project.env, start_new_session=True, stdout=subprocess.PIPE
    ) as client:
        until(lambda: list(runs.glob("evaluate@hybrid-*/execution.json")), PATIENCE)
        os.killpg(client.pid, signal.SIGKILL)
    assert not (project.root / "reports/scores/hybrid").exists()
    assert submitted(project.dvc("repro", "-s", "evaluate@hybrid").stdout) == []
    return made(project)
