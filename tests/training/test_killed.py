"""A run killed with -9 at any moment, as often as one likes, ends in the same bytes."""

import multiprocessing
import os
import random
import signal
import sys
import threading

import pytest

from hdemucs.training.run import train
from tests.training.runs import ALONE, directory, results, trained

# Lives are forked from a process that has imported everything: a second of torch less for each.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hdemucs.training.run", "tests.training.runs"])


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
    """One life of the job: it ends well, or by -9 after some seconds or file events."""
    timer = threading.Timer(seconds, die)
    timer.daemon = True
    timer.start()
    die_at_file_event(folder, events)
    train(folder, root, ALONE, lambda: False)
    timer.cancel()


def killed(folder, root, chance):
    """Whether this life ended by -9, at a moment of its own or in the midst of writing."""
    clock = chance.random() < 0.5
    seconds = chance.uniform(0.0, 1.5) if clock else 60.0
    events = 10_000 if clock else chance.randrange(1, 60)
    process = FORKS.Process(target=live, args=(folder, root, seconds, events))
    process.start()
    process.join(120)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def killed_again_and_again(tmp_path, songs, kills):
    """Runs until that many kills were survived; each ends as the undisturbed one does."""
    root, manifest = songs
    expected = results(trained(directory(tmp_path / "undisturbed", manifest), root))
    chance, deaths, runs = random.Random(kills), 0, 0
    while deaths < kills:
        folder = directory(tmp_path / f"run-{runs}", manifest)
        while killed(folder, root, chance):
            deaths += 1
        assert results(folder) == expected
        runs += 1
    return runs


def test_a_killed_run_ends_as_if_nothing_had_been(tmp_path, songs, capfd):
    killed_again_and_again(tmp_path, songs, kills=20)
    assert "damaged" not in capfd.readouterr().err  # what is half-written is not there yet


@pytest.mark.slow
def test_a_run_killed_a_hundred_times(tmp_path, songs):
    killed_again_and_again(tmp_path, songs, kills=100)
