"""Stands in for the real training where time must be told: it counts, waits, saves and resumes.

Its waits are `sleep`, not work: what is measured is where and when runs run, and two cores would
falsify that. In the data root, so that they are no part of a run's identity, lie `pace`, the
seconds an epoch takes, `held`, the epoch after which trainings wait until that file is gone, and
`faults/<variant>`, what goes wrong, once, at which epoch.
"""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from hdemucs.errors import UserError, one_line
from hdemucs.files import read_json, write_json, write_text
from hdemucs.versions import versions

COST = {"seconds": 1.0, "machine": "toy", "versions": versions()}
LONGEST = 900  # seconds that a training is held, lest a test that fails wait for ever


def main(run: Path) -> None:
    training = read_json(run / "config.json", "")["training"]
    state = run / "checkpoints" / "state.json"
    done = read_json(state, "")["epochs"] if state.exists() else 0
    data = Path(os.environ["HDEMUCS_DATA"])
    rank = int(os.environ.get("RANK", "0"))
    with (run / "executions.txt").open("a") as executions:
        executions.write(f"{time.time():.3f} {os.environ.get('HDEMUCS_OWNER')} from {done}\n")
    meet(run, rank, int(os.environ.get("WORLD_SIZE", "1")))
    for epoch in range(done + 1, training["epochs"] + 1):
        rest(data, epoch)
        fault(
            data / "faults" / run.name.rpartition("-")[0], f"{rank}:{epoch}" if rank else f"{epoch}"
        )
        if rank:
            continue
        fence(run)
        rows = "".join(f"{i},{1 / i}\n" for i in range(1, epoch + 1))
        write_text(run / "history.csv", "epoch,valid_loss\n" + rows)
        write_json(state, {"epochs": epoch})
        said = {"epoch": epoch, "epochs": training["epochs"], "loss": 1 / epoch, "eta_seconds": 1}
        write_json(run / "progress.json", said)
    if rank:
        return
    fence(run)
    weights = hashlib.sha256((run / "config.json").read_bytes()).hexdigest()
    write_text(run / "model.safetensors", weights)
    write_json(run / "model.json", {"parameters": 1})
    write_json(run / "DONE.json", {"seed": 1, "epochs": training["epochs"], **COST})


def meet(run: Path, rank: int, count: int) -> None:
    """Wait until all processes of an execution know where it begins, as real ones do."""
    if count == 1:
        return
    places = [run / f"met.{number}" for number in range(count)]
    with places[rank].open("a") as met:
        met.write("here\n")
    execution = len(places[rank].read_text())
    end = time.monotonic() + LONGEST
    while not all(p.exists() and len(p.read_text()) >= execution for p in places):
        if time.monotonic() > end:
            raise TimeoutError("the others did not come")
        time.sleep(0.02)


def rest(data: Path, epoch: int) -> None:
    """Wait; told to stop, end with the status that says: to be continued."""
    began = time.monotonic()
    end, latest = began + float((data / "pace").read_text()), began + LONGEST
    while (now := time.monotonic()) < end or (now < latest and held(data / "held", epoch)):
        time.sleep(0.02)
        if ASKED:
            sys.exit(75)


def held(path: Path, epoch: int) -> bool:
    try:
        return epoch > int(path.read_text())
    except FileNotFoundError:
        return False


def diverge(epoch: str) -> None:
    raise ValueError(f"diverged at epoch {epoch}")


FAULTS = {
    "raise": diverge,
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda _: time.sleep(3600),
    "quit": lambda _: sys.exit(0),
}


def fence(run: Path) -> None:
    if (run / "owner").read_text() != os.environ["HDEMUCS_OWNER"]:
        raise UserError(run, "superseded", "nothing to do")


def fault(path: Path, epoch: str) -> None:
    """What `path` asks for, if it does for this epoch: each line is `[rank:]epoch what`."""
    if not path.exists():
        return
    lines = path.read_text().splitlines()
    mine = [line for line in lines if line.startswith(f"{epoch} ")]
    if not mine:  # others may read this meanwhile
        return
    write_text(path, "\n".join(line for line in lines if line not in mine))
    for what in (line.split()[1] for line in mine):
        FAULTS[what](epoch)


ASKED: list[int] = []

if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, lambda number, _: ASKED.append(number))
    with one_line():
        main(Path(sys.argv[1]))
