"""The real training over two nodes with two processes each, launched by submitit."""

import os
import signal
from pathlib import Path

from tests.slurm.study import RealStudy
from tests.toy import PATIENCE, until

SHAPE = {"nodes": 2, "tasks_per_node": 2}


def four_processes_train_one_model(root: Path) -> RealStudy:
    study = RealStudy(root, **SHAPE)
    study.train("tiny")
    folder = study.run("tiny").folder
    assert (folder / "DONE.json").read_text().count('"machine": "4 x ') == 1
    assert sorted(p.name for p in folder.glob("log*")) == [
        "log.1.txt",
        "log.2.txt",
        "log.3.txt",
        "log.txt",
    ]
    return study


def a_process_of_four_is_killed(root: Path) -> RealStudy:
    """The job ends at once and says why; the next one goes on from the checkpoint, at its bytes."""
    study = RealStudy(root, **SHAPE)
    run = study.run("tiny")
    with study.start("stages.train", "tiny") as client:
        until(lambda: list((run.folder / "checkpoints").glob("*.sha256")))
        os.kill(study.processes()[3], signal.SIGKILL)
        said, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 1, said
    assert "process 3: killed by SIGKILL" in said.splitlines()[-1]
    until(lambda: not study.processes())
    study.train("tiny")
    assert run.log.read_text().count("--- ") == 2
    return study
