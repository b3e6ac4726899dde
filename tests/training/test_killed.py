"""A run killed with -9 at any moment, as often as one likes, ends in the same bytes."""

import multiprocessing
import os
import random
import signal
import sys
import threading
from pathlib import Path

import pytest

from hdemucs.training import checkpoint
from hdemucs.training.checkpoint import Checkpoints, intact
from hdemucs.training.fencing import Owner
from hdemucs.training.run import train
from tests.training.runs import ALONE, directory, results, trained

# Lives are forked from a process that has imported everything, what Adam imports at its first
# use too: two seconds of torch less for each.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hdemucs.training.run", "tests.training.runs", "torch._dynamo"])


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_file_event(folder, number):
    """-9 at the `number`-th opening, renaming or removing of a file below `folder`."""
    left = iter(range(number))

    def watch(event, arguments):
        ours = event in ("open", "os.rename", "os.remove") and str(folder) in str(arguments[0])
        if ours and next(left, None) is None:
            die()

    sys.addaudithook(watch)


def live(folder, root, seconds, events):
    """One execution of the job: it ends well, or by -9 after some seconds or file events."""
    timer = threading.Timer(seconds, die)
    timer.daemon = True
    timer.start()
    die_at_file_event(folder, events)
    train(folder, root, ALONE, lambda: False)
    timer.cancel()


def dying_halfway(write, name, place):
    """`write`, but of the file of that name half the bytes are written, and then -9.

    `place` is that of the path among the arguments.
    """

    def writing(*arguments):
        write(*arguments)
        path = arguments[place]
        if name in path.name:  # its own or a temporary one
            os.truncate(path, path.stat().st_size // 2)
            die()

    return writing


def live_until_written(folder, root, name):
    """One execution of the job, that ends by -9 in the midst of writing a file.

    Its data workers are forked, as those of a job of its own: of a server they would outlive it.
    """
    multiprocessing.set_start_method("fork", force=True)
    checkpoint.save_file = dying_halfway(checkpoint.save_file, name, place=1)
    Path.write_bytes = dying_halfway(Path.write_bytes, name, place=0)
    train(folder, root, ALONE, lambda: False)


def killed(folder, root, chance):
    """Whether this execution ended by -9, at a moment of its own or in the midst of writing."""
    clock = chance.random() < 0.5
    seconds = chance.uniform(0.0, 1.5) if clock else 60.0
    events = 10_000 if clock else chance.randrange(1, 60)
    process = FORKS.Process(target=live, args=(folder, root, seconds, events))
    process.start()
    process.join(120)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def killed_again_and_again(tmp_path, songs, kills, model="waveform"):
    """Runs until that many kills were survived; each ends as the undisturbed one does."""
    root, manifest = songs
    expected = results(trained(directory(tmp_path / "undisturbed", manifest, model), root))
    chance, deaths, runs = random.Random(kills), 0, 0
    while deaths < kills:
        folder = directory(tmp_path / f"run-{runs}", manifest, model)
        while killed(folder, root, chance):
            deaths += 1
        assert results(folder) == expected
        runs += 1
    return runs


@pytest.mark.parametrize(("model", "kills"), [("waveform", 20), ("x_umx", 10)])
def test_a_killed_run_ends_as_if_nothing_had_been(tmp_path, songs, capfd, model, kills):
    killed_again_and_again(tmp_path, songs, kills, model)
    assert "damaged" not in capfd.readouterr().err  # what is half-written is not there yet


# What a run is killed in the midst of writing, execution after execution, and the checkpoints left.
EVERYTHING = {
    "0000-000002.safetensors": [],
    "0000-000004.safetensors": ["0000-000002"],
    "0001-000000.safetensors": ["0000-000004", "0000-000005"],
    "history.csv": ["0000-000005", "0001-000000"],
    "0001-000002.sha256": ["0000-000005", "0001-000000"],
    "0002-000000.safetensors": ["0001-000004", "0001-000005"],
    "model.safetensors": ["0001-000005", "0002-000000"],
    "model.json": ["0001-000005", "0002-000000"],
    "DONE.json": ["0001-000005", "0002-000000"],
}
SHORT = {
    "0000-000004.safetensors": ["0000-000002"],
    "0000-000005.safetensors": ["0000-000002", "0000-000004"],
    "model.safetensors": ["0000-000005", "0001-000000"],
}


@pytest.mark.parametrize(
    ("model", "training", "writings"),
    [
        ("waveform", {}, EVERYTHING),
        ("hybrid", {"epochs": 1}, SHORT),
        ("waveform", {"epochs": 1, "workers": 2}, SHORT),
    ],
    ids=["waveform", "hybrid", "workers"],
)
def test_what_is_half_written_is_not_there_and_what_was_is_whole(
    tmp_path, songs, capfd, model, training, writings
):
    root, manifest = songs
    expected = results(
        trained(directory(tmp_path / "undisturbed", manifest, model, **training), root)
    )
    folder = directory(tmp_path / "run", manifest, model, **training)
    kept = Checkpoints(folder / "checkpoints", Owner(folder))
    for name, left in writings.items():
        process = FORKS.Process(target=live_until_written, args=(folder, root, name))
        process.start()
        process.join(120)
        assert process.exitcode == -signal.SIGKILL, name
        assert not list(folder.rglob(name)), name
        assert [digest.stem for digest in kept.finished()] == left, name
        assert all(intact(digest.with_suffix(".safetensors"), digest) for digest in kept.finished())
    assert results(trained(folder, root)) == expected
    assert "damaged" not in capfd.readouterr().err


@pytest.mark.slow
def test_a_run_killed_a_hundred_times(tmp_path, songs):
    killed_again_and_again(tmp_path, songs, kills=100)
