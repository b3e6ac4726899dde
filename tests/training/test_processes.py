"""Two processes are one with the same global batch."""

import csv
import io
import socket
import time

import pytest
from safetensors.torch import load_file

from hdemucs.data.share import Share
from hdemucs.errors import UserError
from hdemucs.training.processes import Processes
from hdemucs.training.run import train
from tests.training.runs import ALONE, directory, results, started, trained

RECIPE = {"batch": 8, "steps_per_epoch": 3, "epochs": 1, "checkpoint_every": 2}


def two_started(folder, root):
    """The job under two ranks, as torchrun starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [started(folder, root, RANK=str(r), LOCAL_RANK=str(r), **common) for r in range(2)]


def two_processes(folder, root):
    ranks = two_started(folder, root)
    told = [rank.communicate(timeout=120)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], told


@pytest.mark.parametrize("model", ["waveform", "hybrid"])
def test_two_processes_equal_one(songs, tmp_path, model):
    root, manifest = songs
    one = trained(directory(tmp_path / "one", manifest, model, **RECIPE), root)
    two = directory(tmp_path / "two", manifest, model, **RECIPE)
    two_processes(two, root)
    (row,), (same,) = (
        list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))
        for folder in (one, two)
    )
    assert row.keys() == same.keys() and row["weights"] == same["weights"]
    for name in row.keys() - {"weights"}:
        assert float(row[name]) == pytest.approx(float(same[name]), rel=1e-4, abs=1e-6), name
    weights, others = (load_file(folder / "model.safetensors") for folder in (one, two))
    for name, weight in weights.items():
        assert (others[name] - weight).abs().max() <= 1e-4, name


def test_two_processes_agree_on_running_statistics_and_go_on_as_if_never_killed(songs, tmp_path):
    """Each has batch norms of its own, and validates songs of its own by them."""
    root, manifest = songs
    recipe = {**RECIPE, "epochs": 3, "checkpoint_every": 1}
    whole, cut = (directory(tmp_path / n, manifest, "x_umx", **recipe) for n in ("whole", "cut"))
    two_processes(whole, root)
    ranks, first = two_started(cut, root), cut / "checkpoints/0001-000000.sha256"
    while not first.exists():
        assert all(rank.poll() is None for rank in ranks)
        time.sleep(0.01)
    for rank in ranks:
        rank.kill()
        rank.communicate()
    two_processes(cut, root)
    assert results(cut) == results(whole)


def test_a_batch_that_does_not_divide_is_refused(songs, tmp_path):
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest)
    with pytest.raises(UserError, match=r"training.batch: is 4, no multiple of 8"):
        train(folder, root, Processes(Share(0, 2), ALONE.device), lambda: False)
