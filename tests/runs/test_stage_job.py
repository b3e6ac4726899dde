"""A stage done as a job: it reads and makes what dvc.yaml says, and only a whole result is kept."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from hdemucs.errors import UserError
from hdemucs.runs.stage_job import StageJob
from hdemucs.runs.workspace import Workspace
from tests.toy import PROJECT, Toy

# Stands in for the stage: it shows what it was given, and where it is.
STAGE = """
import json, pathlib, sys
files = sorted(str(p) for p in pathlib.Path().rglob("*.json"))
place = pathlib.Path("reports/scores") / sys.argv[1]
place.mkdir(parents=True)
(place / "seen.txt").write_text(" ".join(files))
place.with_suffix(".json").write_text(json.dumps({"score": 1}))
assert not pathlib.Path("fault").exists(), "it cannot be scored"
"""
CONFIG = {"segment": 10.0, "overlap": 0.25, "shifts": 1, "max_shift": 0.5}


@pytest.fixture
def toy(tmp_path):
    toy = Toy(tmp_path)
    shutil.copy(PROJECT / "dvc.yaml", tmp_path)
    (tmp_path / "stages/evaluate.py").write_text(STAGE)
    how = {"variant": "a", "separation": CONFIG, "post": None, "seed": 1, "threads": 1}
    for name, content in {
        "configs/evaluate.json": {}, "configs/fetch.json": {}, "configs/separation/a.json": how,
        "models/a/model.json": {}, "models/a/model.safetensors": [1],
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    return toy


@pytest.fixture
def stage_job(toy):
    return StageJob(toy.here, "evaluate", "a")


def job(run, data, owner="me", *, check=True):
    """The job's program, as an executor starts it."""
    run.own("me")
    return subprocess.run(
        [sys.executable, "-m", run.program, run.folder],
        cwd=run.code,
        env={**os.environ, "PYTHONPATH": str(run.code), "HDEMUCS_OWNER": owner,
             "HDEMUCS_DATA": str(data)},
        capture_output=True, text=True, check=check,
    )  # fmt: skip


def test_what_a_stage_reads_and_makes_is_said_by_dvc_yaml(stage_job):
    assert stage_job.reads == [
        "data/manifest.json",
        "models/a/model.json",
        "models/a/model.safetensors",
        "configs/evaluate.json",
        "configs/separation/a.json",
    ]
    assert stage_job.makes == ["reports/scores/a", "reports/scores/a.json"]
    separation = StageJob(Workspace(PROJECT), "separate", "hybrid")
    assert separation.makes == ["samples/hybrid"]


def test_a_job_works_apart_and_its_result_is_brought_home(toy, stage_job):
    run = stage_job.run()
    job(run, toy.data)
    assert run.done
    assert not (toy.root / "reports/scores").exists()
    stage_job.publish(run)
    assert json.loads((toy.root / "reports/scores/a.json").read_text()) == {"score": 1}
    seen = (toy.root / "reports/scores/a/seen.txt").read_text().split()
    assert set(stage_job.reads) - {"models/a/model.safetensors"} <= set(seen)
    assert (run.folder / "result/data/toy").resolve() == toy.data  # where the songs are looked for


def test_a_stage_that_fails_leaves_no_result(toy, stage_job):
    run = stage_job.run()
    (run.folder / "inputs/fault").touch()
    failed = job(run, toy.data, check=False)
    assert failed.returncode == 1
    assert "it cannot be scored" in failed.stderr
    assert not run.done


def test_an_execution_that_was_superseded_keeps_its_result_to_itself(toy, stage_job):
    run = stage_job.run()
    late = job(run, toy.data, owner="an older execution", check=False)
    assert late.returncode == 1
    assert "superseded" in late.stderr
    assert not run.done
    assert not (run.folder / "result").exists()


@pytest.mark.parametrize("path", ["configs/evaluate.json", "models/a/model.safetensors"])
def test_what_changed_meanwhile_is_not_published(toy, stage_job, path):
    run = stage_job.run()
    job(run, toy.data)
    (toy.root / path).write_text("[2]")
    with pytest.raises(UserError, match=r"evaluate@a: changed while its job ran"):
        stage_job.publish(run)
    assert not (toy.root / "reports/scores").exists()
    assert stage_job.run() != run


def test_the_code_that_launches_has_no_say_and_the_code_that_scores_has(toy, stage_job):
    shutil.copy(PROJECT / "stages/evaluate.py", toy.root / "stages")
    before = stage_job.identity.key
    with (toy.root / "hdemucs/runs/wait.py").open("a") as file:
        file.write("\nLONGER = 1\n")
    assert stage_job.identity.key == before
    with (toy.root / "hdemucs/metrics/sdr.py").open("a") as file:
        file.write("\nLOUDER = 1\n")
    assert stage_job.identity.key != before


def test_a_model_that_is_not_there_is_named(toy, stage_job):
    shutil.rmtree(toy.root / "models/a")
    with pytest.raises(
        UserError, match="models/a: is missing; run `dvc pull models/a` or `dvc repro`"
    ):
        stage_job.run()
