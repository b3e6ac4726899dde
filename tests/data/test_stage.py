"""`python -m stages.fetch` as DVC runs it: a manifest, or one line and status 1."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hdemucs.data.manifest import load_manifest
from tests.data.conftest import RATE
from tests.data.test_fetch import musdb

HERE = Path(__file__).parents[2]
LIMITED = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); "
LIMITED += "runpy.run_module('stages.fetch', run_name='__main__')"


def run(project, root, *command, stdout=subprocess.PIPE):
    (project / "configs").mkdir(parents=True, exist_ok=True)
    if not (project / "configs" / "fetch.json").exists():
        content = json.dumps(dataclasses.asdict(musdb()))
        (project / "configs" / "fetch.json").write_text(content)
    environment = {**os.environ, "PYTHONPATH": str(HERE), "MUSDB_ROOT": str(root)}
    words = [sys.executable, *(command or ("-m", "stages.fetch"))]
    environment |= {"HDEMUCS_JOBS": "1"}
    return subprocess.run(
        words, cwd=project, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True,
        check=False,
    )  # fmt: skip


def test_the_stage_writes_the_manifest_and_says_what_there_is(musdb_root, tmp_path):
    done = run(tmp_path / "project", musdb_root)
    assert done.returncode == 0, done.stderr
    manifest = load_manifest(tmp_path / "project" / "data" / "manifest.json")
    assert len(manifest.tracks) == 5
    assert done.stdout.startswith("musdb18hq: 5 tracks, 0:00:05, 8000 Hz")


def test_a_reader_that_has_left_is_no_traceback(musdb_root, tmp_path):
    """As of `python -m stages.fetch | head -0`: 141 is what a shell says of SIGPIPE."""
    reader, writer = os.pipe()
    os.close(reader)
    done = run(tmp_path / "project", musdb_root, stdout=writer)
    os.close(writer)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr and "Broken" not in done.stderr


def spoil_config(project, _):
    (project / "configs").mkdir(parents=True)
    content = {**dataclasses.asdict(musdb()), "sample_rate": "8000"}
    (project / "configs" / "fetch.json").write_text(json.dumps(content))


def other_rate(_, root):
    soundfile.write(root / "train" / "Ann - One" / "bass.wav", np.zeros((8000, 2)), 2 * RATE)


FAULTS = {
    "a wrong parameter": (spoil_config, r"configs/fetch.json.sample_rate: is '8000': "),
    "a missing stem": (
        lambda _, root: (root / "train" / "Ann - One" / "bass.wav").unlink(),
        "bass.wav: is missing; put the file there or fetch the data again",
    ),
    "a wrong rate": (other_rate, "bass.wav: has a sample rate of 16000 Hz where 8000 is expected"),
    "no data": (lambda _, root: root.rename(root.with_name("elsewhere")), "$MUSDB_ROOT: is "),
    "no configuration": (
        lambda project, _: (project / "configs" / "fetch.json").mkdir(parents=True),
        "configs/fetch.json: cannot be read as JSON",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_writes_nothing(musdb_root, tmp_path, fault):
    spoil, line = FAULTS[fault]
    spoil(tmp_path / "project", musdb_root)
    done = run(tmp_path / "project", musdb_root)
    errors = [said for said in done.stderr.splitlines() if not said.startswith("checking audio")]
    assert done.returncode == 1
    assert len(errors) == 1 and errors[0].startswith("error: ") and line in errors[0], done.stderr
    assert not (tmp_path / "project" / "data").exists()


def test_a_full_disk_is_one_line_and_the_old_manifest_stays(musdb_root, tmp_path):
    """A limit on the size of files stands in for the disk's."""
    assert run(tmp_path / "project", musdb_root).returncode == 0
    before = (tmp_path / "project" / "data" / "manifest.json").read_bytes()
    done = run(tmp_path / "project", musdb_root, "-c", LIMITED)
    errors = [said for said in done.stderr.splitlines() if said.startswith("error: ")]
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert errors == ["error: data/manifest.json: the disk is full; free some space and run the same command again"]  # fmt: skip  # noqa: E501
    assert (tmp_path / "project" / "data" / "manifest.json").read_bytes() == before
