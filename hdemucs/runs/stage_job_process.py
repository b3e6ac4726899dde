"""The program of a stage's job: one stage, in a checkout of its own inside the run directory.

    python -m hdemucs.runs.stage_job_process <run directory>

From the environment: HDEMUCS_DATA, the root of the songs; HDEMUCS_OWNER, the life that this is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from hdemucs.errors import UserError, one_line
from hdemucs.files import read_json, write_json
from hdemucs.runs.directory import CURE, Run
from hdemucs.runs.job import AGAIN, prepare


def main(run: Run) -> int:
    """The stage's exit status; its result is kept if this life still owns the run.

    Raises:
        UserError: another life has taken the run over.
    """
    owner, began = os.environ["HDEMUCS_OWNER"], time.monotonic()
    place = checkout(run, owner)
    code = done(run.variant.split("@"), place)
    if code:
        return code
    if run.owner != owner:
        raise UserError(run.folder, "superseded by a newer life of this job", "nothing to do")
    result = run.folder / "result"
    shutil.rmtree(result, ignore_errors=True)
    place.rename(result)
    write_json(run.folder / "DONE.json", {"seconds": round(time.monotonic() - began, 1)})
    return 0


def checkout(run: Run, owner: str) -> Path:
    """What the stage reads, where it looks for it."""
    lives = run.folder / "lives"
    shutil.rmtree(lives, ignore_errors=True)  # earlier ones': they can publish no more
    place = lives / owner
    shutil.copytree(run.folder / "inputs", place, copy_function=os.link)
    manifest = read_json(place / "data/manifest.json", CURE)
    (place / "data" / manifest["name"]).symlink_to(os.environ["HDEMUCS_DATA"])
    return place


def done(stage: list[str], place: Path) -> int:
    """Do a stage there; told to stop, say that it is to be begun again."""
    program, variant = stage
    cores = os.environ.get("SLURM_CPUS_PER_TASK")
    child = subprocess.Popen(
        [sys.executable, "-m", f"stages.{program}", variant],
        cwd=place,
        env=os.environ | ({"HDEMUCS_JOBS": cores} if cores else {}),
        preexec_fn=lambda: prepare(()),
    )

    def leave(_: int, __: object) -> None:
        child.kill()
        os._exit(AGAIN)

    for number in (signal.SIGUSR2, signal.SIGTERM):
        signal.signal(number, leave)
    return child.wait()


if __name__ == "__main__":
    with one_line():
        sys.exit(main(Run(Path(sys.argv[1]))))
