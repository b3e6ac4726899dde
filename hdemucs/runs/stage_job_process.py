"""The program of a stage's job: run one stage in its own checkout inside the run directory.

    python -m hdemucs.runs.stage_job_process <run directory>

Environment: HDEMUCS_DATA is the root of the songs; HDEMUCS_OWNER is this process' token.
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
    """Run the stage and return its exit status; keep the result if this process still owns the run.

    Raises:
        UserError: another process has taken over the run.
    """
    owner, began = os.environ["HDEMUCS_OWNER"], time.monotonic()
    place = checkout(run, owner)
    code = done(run.variant.split("@"), place)
    if code:
        return code
    if run.owner != owner:
        raise UserError(run.folder, "superseded by a newer execution of this job", "nothing to do")
    result = run.folder / "result"
    shutil.rmtree(result, ignore_errors=True)
    place.rename(result)
    write_json(run.folder / "DONE.json", {"seconds": round(time.monotonic() - began, 1)})
    return 0


def checkout(run: Run, owner: str) -> Path:
    """Put what the stage reads where it looks for it."""
    executions = run.folder / "executions"
    shutil.rmtree(executions, ignore_errors=True)  # of earlier processes: they are superseded
    place = executions / owner
    shutil.copytree(run.folder / "inputs", place, copy_function=os.link)
    manifest = read_json(place / "data/manifest.json", CURE)
    (place / "data" / manifest["name"]).symlink_to(os.environ["HDEMUCS_DATA"])
    return place


def done(stage: list[str], place: Path) -> int:
    """Run a stage there; if it is told to stop, return the status for starting again."""
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
