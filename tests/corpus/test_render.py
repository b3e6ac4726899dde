"""Rendering: the same bytes however it is done, continued where it was cut, refused in a line."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, replace

import pytest

from hdemucs.corpus.plan import Plan
from hdemucs.corpus.render import make_corpus
from hdemucs.corpus.soundfont import locate
from hdemucs.corpus.track import rendered, write_track
from hdemucs.errors import UserError

from .conftest import SMALLEST, TINY

SCRIPT = """
import json, sys
from pathlib import Path
from hdemucs.config.corpus import CorpusConfig
from hdemucs.corpus.render import make_corpus
if __name__ == "__main__":
    make_corpus(CorpusConfig(**json.loads(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]))
"""


def contents(root):
    return {file.relative_to(root): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def started(tmp_path, config, root, jobs):
    """A process of its own that renders."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), json.dumps(asdict(config)), str(root), str(jobs)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def test_jobs_and_a_kill_change_no_byte(corpus, tmp_path):
    """Killed when the first track is there, then continued by two processes."""
    root = tmp_path / "set"
    killed = started(tmp_path, TINY, root, 1)
    for _ in range(6000):
        if list(root.glob("train/*")):
            break
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    there = list(root.glob("train/*")) + list(root.glob("test/*"))
    assert len(there) >= 1
    assert all(len(list(folder.iterdir())) == 5 for folder in there)
    assert not (root / "corpus.json").exists()
    make_corpus(TINY, root, jobs=2)
    assert contents(root) == contents(corpus)


def test_a_whole_corpus_is_left_alone(corpus):
    before = {path: path.stat().st_mtime_ns for path in corpus.rglob("*")}
    make_corpus(TINY, corpus, jobs=1)
    assert {path: path.stat().st_mtime_ns for path in corpus.rglob("*")} == before


def test_a_lost_file_comes_back(corpus, tmp_path):
    root = tmp_path / "set"
    shutil.copytree(corpus, root)
    next(root.glob("test/*/bass.wav")).unlink()
    make_corpus(TINY, root, jobs=1)
    assert contents(root) == contents(corpus)


def test_a_track_depends_on_seed_split_and_index_alone(corpus, tmp_path):
    """As in a corpus of more tracks; another seed, split or index is another song."""
    grown = replace(TINY, train=50)
    plan = Plan(TINY.seed, "train", 1)
    write_track(plan, grown, locate("auto").path, tmp_path)
    for file in (corpus / plan.folder).iterdir():
        assert file.read_bytes() == (tmp_path / plan.folder / file.name).read_bytes()


def test_seeds_splits_and_places_are_different_songs():
    font = locate("auto").path
    plans = [Plan(3, "test", 0), Plan(4, "test", 0), Plan(3, "valid", 0), Plan(3, "test", 1)]
    songs = {rendered(plan, SMALLEST, font)["mixture"].tobytes() for plan in plans}
    assert len(songs) == 4


def test_a_song_stays_the_same_song_at_another_rate():
    """44.1 kHz renders natively; what both rates hold agrees in level."""
    font, plan = locate("auto").path, Plan(3, "test", 0)
    low = rendered(plan, SMALLEST, font)
    high = rendered(plan, replace(SMALLEST, sample_rate=44_100), font)
    assert high["mixture"].shape == (2, 88_200)
    assert low["bass"].std() == pytest.approx(high["bass"].std(), rel=0.2)


def test_older_code_is_rendered_anew(tmp_path, capsys):
    make_corpus(SMALLEST, tmp_path, jobs=1)
    whole = contents(tmp_path)
    plan = json.loads((tmp_path / "plan.json").read_text())
    (tmp_path / "plan.json").write_text(json.dumps(plan | {"generator": "older"}))
    next(tmp_path.glob("test/*/bass.wav")).write_bytes(b"older")
    make_corpus(SMALLEST, tmp_path, jobs=1)
    assert "rendered anew" in capsys.readouterr().err
    assert contents(tmp_path) == whole


def test_a_folder_of_other_parameters_is_refused(corpus):
    whole = contents(corpus)
    line = r"corpus\.seconds 3\.0, not 4\.0\); remove the folder or choose another"
    with pytest.raises(UserError, match=line):
        make_corpus(replace(TINY, seconds=4.0), corpus, jobs=1)
    assert contents(corpus) == whole


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match=r"holds 'thesis.tex' and is no folder of the embedded"):
        make_corpus(SMALLEST, tmp_path, jobs=1)


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"file/set: cannot be written .*; check the folder"):
        make_corpus(SMALLEST, tmp_path / "file" / "set", jobs=1)


@contextmanager
def largest_file(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_is_refused_and_the_work_done_is_kept(tmp_path, jobs):
    """The limit on a file's size stands for the disk: the kernel refuses the write."""
    with largest_file(50_000), pytest.raises(UserError, match=r"the disk is full; free some space"):
        make_corpus(SMALLEST, tmp_path / "set", jobs=jobs)
    assert not list((tmp_path / "set").rglob("*.wav"))
    assert not (tmp_path / "set" / "corpus.json").exists()


def test_a_missing_sound_font_is_refused(tmp_path):
    wanted = replace(SMALLEST, soundfont=str(tmp_path / "none.sf2"))
    with pytest.raises(UserError, match=r"none\.sf2: is missing .*; install pretty_midi==0\.2\.11"):
        make_corpus(wanted, tmp_path / "set", jobs=1)
    assert not (tmp_path / "set").exists()


def test_a_damaged_sound_font_is_refused(tmp_path):
    damaged = tmp_path / "damaged.sf2"
    damaged.write_bytes(locate("auto").path.read_bytes()[:100_000])
    wanted = replace(SMALLEST, soundfont=str(damaged))
    with pytest.raises(UserError, match=r"damaged\.sf2: is not a readable SoundFont 2 file"):
        make_corpus(wanted, tmp_path / "set", jobs=1)


def test_a_changed_sound_font_is_refused(corpus, tmp_path, monkeypatch):
    changed = tmp_path / "TimGM6mb.sf2"
    changed.write_bytes(locate("auto").path.read_bytes() + b"\0")
    with pytest.raises(UserError, match=r"a corpus of other soundfont \("):
        make_corpus(replace(TINY, soundfont=str(changed)), corpus, jobs=1)
    monkeypatch.setattr("hdemucs.corpus.soundfont.shipped", lambda: changed)
    with pytest.raises(UserError, match=r"is another sound font \(sha256 "):
        locate("auto")
