"""Mixes that were killed again and again end in the same bytes, and nothing is made twice."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from hdemucs.automix.dataset import WORK, make
from hdemucs.automix.work import key
from hdemucs.data.manifest import Manifest, save_manifest
from hdemucs.datasets.place import lock
from hdemucs.errors import UserError
from tests.automix.test_automix import CONFIG, FITTING, RATE, SOURCES, song_on_disk

PATIENCE = 300
PROGRAM = """
import sys
from pathlib import Path
from hdemucs.automix.dataset import make
from hdemucs.data.manifest import load_manifest, save_manifest
from tests.automix.test_automix import CONFIG
place = Path(sys.argv[1])
manifest = load_manifest(place / "manifest.json")
made = make(CONFIG, place, manifest, place / "data", place / "out", int(sys.argv[2]))
save_manifest(made, place / "made.json")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("killed")
    tracks = (
        *(song_on_disk(root, name, bpm, key, first=first) for name, bpm, key, first in FITTING),
        song_on_disk(root, "Dan - Four", 96, -1, silent_drums=True),
    )
    manifest = Manifest(name="songs", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tracks)
    save_manifest(manifest, root / "manifest.json")
    return root, manifest


@pytest.fixture(scope="module")
def reference(place, tmp_path_factory):
    """The mixes made in one go: their place, and the manifest."""
    home = tmp_path_factory.mktemp("reference")
    root, manifest = place
    return home, make(CONFIG, root, manifest, home / "data", home / "out", 1)


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.wav"))
    }


def records(root):
    """Pieces of work that are done, with the time at which each was."""
    return {path: path.stat().st_mtime_ns for path in (root / "data").rglob("*.json")}


def start(root, jobs):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(root), str(jobs)],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def killed(root, chance):
    """Kill a run at a random moment after the next piece of its work."""
    before, process = len(records(root)), start(root, 1)
    end = time.monotonic() + PATIENCE
    while len(records(root)) == before and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.3))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode


def test_killed_at_random_moments_it_ends_in_the_same_bytes(place, reference):
    root, _ = place
    home, made = reference
    chance = random.Random(7)
    kept = {}
    for _ in range(3):
        assert killed(root, chance) == -signal.SIGKILL
        assert not (root / "out").exists()
        now = records(root)
        assert kept.items() <= now.items()  # nothing was made again
        kept = now
    last = start(root, 2)
    _, said = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, said
    assert "are there" in said
    assert kept.items() <= records(root).items()
    assert files(root / "out") == files(home / "out")
    assert len(files(root / "out")) == 7 * 5
    save_manifest(made, home / "made.json")
    assert (root / "made.json").read_bytes() == (home / "made.json").read_bytes()


def test_what_dvc_removes_is_there_again_at_once(place, reference):
    root, manifest = place
    home, made = reference
    before, worked = files(home / "out"), records(home)
    shutil.rmtree(home / "out")
    assert make(CONFIG, root, manifest, home / "data", home / "out", 1) == made
    assert files(home / "out") == before
    assert records(home) == worked


def test_one_at_a_time(place, tmp_path):
    root, manifest = place
    held = (tmp_path / WORK / key(CONFIG, manifest)).with_suffix(".lock")
    with lock(held, "testing"), pytest.raises(UserError, match="is held by process"):
        make(CONFIG, root, manifest, tmp_path, tmp_path / "out", 1)
