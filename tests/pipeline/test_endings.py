"""However a person or the shell ends a stage: one line at most, and the shell's exit status."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hdemucs.study.code import BY_VARIANT
from tests.toy import PATIENCE, heeding, until

ROOT = Path(__file__).parents[2]
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("[a-z]*.py"))
FIRST_READ = {
    "evaluate": "cluster.yaml",
    "oracles": "configs/evaluate.json",
    "originals": "params.yaml",
    "report": "data/manifest.json",
    "resolve": "params.yaml",
    "separate": "cluster.yaml",
    "train": "configs/train/a.json",
}  # others: configs/<stage>.json
SENT = [(name, signal.SIGINT, 130) for name in STAGES]
SENT += [(name, signal.SIGTERM, 143) for name in ("ratings", "train")]
POOL = """
import sys, time
from pathlib import Path
from hdemucs.errors import ending
from hdemucs.workers import mapped

def work(number):
    Path(sys.argv[1], str(number)).touch()
    time.sleep(600)

if __name__ == "__main__":
    with ending():
        mapped(work, range(3), 2, "waiting")
"""


def started(words, place):
    """In a process group of its own, as a shell starts what Ctrl-C is to reach."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        preexec_fn=heeding,
    )


def writer(process, path):
    """The other end of the pipe where a stage reads first, once the stage has opened it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1]
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO  # nobody reads it yet
            time.sleep(0.02)
    raise TimeoutError(path)


@pytest.mark.parametrize(("stage", "number", "status"), SENT)
def test_a_stage_that_is_ended_says_one_line(stage, number, status, tmp_path):
    path = tmp_path / FIRST_READ.get(stage, f"configs/{stage}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    words = ["-m", f"stages.{stage}", *(["a"] if stage in {*BY_VARIANT, "originals"} else [])]
    process = started(words, tmp_path)
    end = writer(process, path)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=PATIENCE)
    os.close(end)
    assert (process.returncode, len(said.splitlines())) == (status, number == signal.SIGINT), said


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_workers_end_with_a_stage_and_say_nothing(number, status, tmp_path):
    """Ctrl-C reaches all processes of a terminal, SIGTERM the one that it is sent to."""
    (tmp_path / "pool.py").write_text(POOL)
    process = started(["pool.py", tmp_path], tmp_path)
    until(lambda: (tmp_path / "1").exists())
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert said == ("interrupted\n" if number == signal.SIGINT else "")


def test_ctrl_c_during_imports_is_a_line(tmp_path):
    """A package that is slow to import stands in the place of this one."""
    (tmp_path / "stages").symlink_to(ROOT / "stages")
    (tmp_path / "hdemucs").mkdir()
    slow = "import time; open('begun', 'w').close(); time.sleep(600)\n"
    (tmp_path / "hdemucs" / "__init__.py").write_text(slow)
    process = started(["-m", "stages.fetch"], tmp_path)
    until(lambda: (tmp_path / "begun").exists())
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (-signal.SIGINT, "interrupted\n")  # 130 to a shell
