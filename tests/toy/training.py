"""Stands in for the real training where time must be told: it counts, waits, saves and resumes.

Its waits are `sleep`, not work: what is measured is where and when runs run, and two cores would
falsify that. `faults/<variant>` in the data root says what goes wrong, once, at which epoch.
"""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from hdemucs.errors import Refusal, one_line
from hdemucs.files import read_json, write_json, write_text


def main(run: Path) -> None:
    training = read_json(run / "config.json", "")["training"]
    state = run / "checkpoints" / "state.json"
    done = read_json(state, "")["epochs"] if state.exists() else 0
    data = Path(os.environ["HDEMUCS_DATA"])
    with (run / "lives.txt").open("a") as lives:
        lives.write(f"{time.time():.3f} {os.environ['HDEMUCS_OWNER']} from {done}\n")
    for epoch in range(done + 1, training["epochs"] + 1):
        time.sleep(training["segment"])
        fault(data / "faults" / run.name.rpartition("-")[0], epoch)
        fence(run)
        rows = "".join(f"{i},{1 / i}\n" for i in range(1, epoch + 1))
        write_text(run / "history.csv", "epoch,valid_loss\n" + rows)
        write_json(state, {"epochs": epoch})
        said = {"epoch": epoch, "epochs": training["epochs"], "loss": 1 / epoch, "eta_seconds": 1}
        write_json(run / "progress.json", said)
    fence(run)
    weights = hashlib.sha256((run / "config.json").read_bytes()).hexdigest()
    write_text(run / "model.safetensors", weights)
    write_json(run / "model.json", {"epochs": training["epochs"]})
    write_json(run / "DONE.json", {"epochs": training["epochs"]})


def diverge(epoch: int) -> None:
    raise ValueError(f"diverged at epoch {epoch}")


FAULTS = {
    "raise": diverge,
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda _: time.sleep(3600),
    "quit": lambda _: sys.exit(0),
}


def fence(run: Path) -> None:
    if (run / "owner").read_text() != os.environ["HDEMUCS_OWNER"]:
        raise Refusal(run, "superseded", "nothing to do")


def fault(path: Path, epoch: int) -> None:
    """What `path` asks for, if it does for this epoch: each line is `epoch what`."""
    if not path.exists():
        return
    lines = path.read_text().splitlines()
    mine = [line for line in lines if line.startswith(f"{epoch} ")]
    path.write_text("\n".join(line for line in lines if line not in mine))
    for what in (line.split()[1] for line in mine):
        FAULTS[what](epoch)


if __name__ == "__main__":
    with one_line():
        main(Path(sys.argv[1]))
