"""A released bag's test set: killed at any moment, it goes on song by song to the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from hdemucs.data.manifest import save_manifest
from hdemucs.datasets.expected import Expected
from hdemucs.datasets.record import record
from hdemucs.released.obtain import FOLDER
from hdemucs.report.runs import load_runs
from hdemucs.runs.stage_job import StageJob
from hdemucs.study.code import digests
from hdemucs.study.effective import configurations, write_configurations
from hdemucs.study.params import read_params
from tests.data.conftest import SOURCES, write_track
from tests.models.official.counterparts import CASES
from tests.released.server import named, packaged
from tests.toy import PATIENCE, PROJECT, Toy, until

MEMBERS = {"aaaa1111": "hybrid", "bbbb2222": "waveform"}
NAME, RATE, SONGS = "released_bag", 8000, 6
HOW = {"segment": 1.0, "overlap": 0.25, "shifts": 2, "max_shift": 0.1}


def released(folder):
    """The bag's files, of the official package's classes with random weights; their entries."""
    entries = {}
    for seed, (signature, name) in enumerate(MEMBERS.items()):
        torch.manual_seed(seed)
        content = packaged(folder / "m.th", CASES[name].theirs(), CASES[name].kwargs)
        file = named(signature, content)
        (folder / file).write_bytes(content)
        digits = file.split("-")[1].removesuffix(".th")
        entries[signature] = {"file": file, "url": f"https://x.invalid/{file}", "digits": digits}
    return entries


def configured(root, files):
    """What `resolve` would write of a study of this bag alone, at a small rate."""
    params = read_params(PROJECT / "params.yaml") | {"scale": "released", "study": [NAME]}
    told = configurations(params)
    told["fetch.json"]["sample_rate"] = RATE
    told["evaluate.json"]["metrics"]["metrics"] = "sdr"
    told[f"separation/{NAME}.json"]["separation"] = HOW
    told[f"train/{NAME}.json"] |= {"files": files, "weights": None}
    made = digests([NAME], told, root)
    write_configurations(
        told | {f"code/{path}": each for path, each in made.items()}, root / "configs"
    )


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A study of one released bag, which was taken in."""
    place = tmp_path_factory.mktemp("killed")
    toy, given = Toy(place / "study"), place / "files"
    given.mkdir()
    configured(toy.root, released(given))
    shutil.copy(PROJECT / "dvc.yaml", toy.root)
    songs = toy.root / "data/musdb18hq"
    write_track(songs / "train/Ann - One", 0)
    for number in range(SONGS):
        write_track(songs / f"test/Bob - {number}", number + 1, frames=4 * RATE)
    save_manifest(record(songs, songs.name, Expected(SOURCES, RATE, 2), (), 1), toy.here.manifest)
    toy.call("stages.train", NAME, **{FOLDER: str(given)})
    return toy


def made(folder):
    place = folder / "reports/scores"
    return {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}


def job(run, data):
    """One execution of its job, as an executor starts it."""
    run.own("me")
    env = {**os.environ, "PYTHONPATH": str(run.code), "HDEMUCS_OWNER": "me",
           "HDEMUCS_DATA": str(data), "HDEMUCS_JOBS": "2"}  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", run.program, run.folder], cwd=run.code, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def test_it_is_ready_to_be_submitted_ahead_when_it_is_the_bag_that_is_asked_for(toy):
    assert toy.here.published(NAME)
    config = toy.here.config(NAME)
    before = config.read_text()
    config.write_text(before.replace("bbbb2222-", "cccc3333-"))
    assert not toy.here.published(NAME)
    config.write_text(before)
    assert [each.file[:8] for each in load_runs(toy.root / f"reports/runs/{NAME}.json")] == [
        "aaaa1111", "bbbb2222",
    ]  # fmt: skip


def test_after_kill_9_no_song_is_done_again_and_the_bytes_are_those_of_an_undisturbed_run(toy):
    toy.call("stages.evaluate", NAME)
    whole = made(toy.root)
    assert len(whole) == SONGS + 4  # beside songs: facts, a picture and two summaries
    run, rng = StageJob(toy.here, "evaluate", NAME).run(), random.Random()
    data = toy.root / "data/musdb18hq"

    def kept():
        folders = (run.folder / "unfinished").glob("*/*.json")
        return {path.name: path.stat().st_mtime_ns for path in folders}

    with job(run, data) as first:
        wanted, more = rng.randint(1, SONGS - 2), rng.uniform(0, 0.2)
        until(lambda: len(kept()) >= wanted or first.poll() is not None, PATIENCE)
        time.sleep(more)
        os.killpg(first.pid, signal.SIGKILL)
    saved = kept()
    assert wanted <= len(saved)
    with job(run, data) as second:
        said, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, said
    after = kept()
    assert len(after) == SONGS
    assert {name: after[name] for name in saved} == saved, (wanted, more)
    assert made(run.folder / "result") == whole
