"""A test set's songs are separated side by side; what comes out does not depend on it."""

import threading

import numpy as np
import pytest
import torch

from hdemucs.config.estimation import EstimationConfig
from hdemucs.models.ensemble import Ensemble
from hdemucs.separation import testset
from hdemucs.separation.side_by_side import whole
from hdemucs.separation.testset import memory, separator, songs_at_once
from tests.separation.test_separate import RATE, Plain, config, halves, song

CPU = torch.device("cpu")
SONGS = [(f"song {place}", song(600 + 100 * place).numpy()) for place in range(5)]


def separated(model, jobs, monkeypatch):
    monkeypatch.setenv("HDEMUCS_JOBS", str(jobs))
    how = EstimationConfig(
        variant="plain", separation=config(shifts=2), post=None, seed=3, threads=1
    )
    return list(separator(Ensemble([Plain(model)]), RATE, how)(iter(SONGS)))


def test_songs_at_a_time_are_songs_one_by_one(monkeypatch):
    """Two threads meet in their first segments, so one alone would wait for ever."""
    meeting, met = threading.Barrier(2, timeout=60), threading.local()

    def waiting(chunk):
        assert not torch.is_grad_enabled()
        if not hasattr(met, "once"):
            met.once = meeting.wait()
        return halves(chunk.cumsum(-1))

    together = separated(waiting, 2, monkeypatch)
    alone = separated(lambda chunk: halves(chunk.cumsum(-1)), 1, monkeypatch)
    assert [each.keys() for each in together] == [each.keys() for each in alone]
    for one, other in zip(together, alone, strict=True):
        for source in one:
            np.testing.assert_array_equal(one[source], other[source])


def test_parts_of_songs_are_those_of_the_whole_songs(monkeypatch):
    """Whole songs where no parts are named; of others, no segment is separated without need."""
    monkeypatch.setenv("HDEMUCS_JOBS", "2")
    seen = []

    def echoing(chunk):
        seen.append(chunk)
        return halves(chunk.cumsum(-1))

    how = EstimationConfig(variant="bag", separation=config(shifts=2), post=None, seed=3, threads=1)
    first, second = Plain(echoing), Plain(echoing)
    weights = [dict.fromkeys(first.sources, 1.0), {first.sources[0]: 0.0, first.sources[1]: 1.0}]
    bag = Ensemble([first, second], weights)
    spans = {name: [(500, 560), (20, 30)] for name, _ in SONGS[1:]}
    complete, most = list(separator(bag, RATE, how)(iter(SONGS))), len(seen)
    seen.clear()
    parts = list(separator(bag, RATE, how, spans)(iter(SONGS)))
    assert len(seen) < most
    for (name, _), part, all_of_it in zip(SONGS, parts, complete, strict=True):
        for source, estimate in part.items():
            for first, last in spans.get(name, [(0, None)]):
                np.testing.assert_array_equal(
                    estimate[:, first:last], all_of_it[source][:, first:last]
                )


def test_whoever_stops_waits_for_the_present_blocks_only():
    made, going_on = [0, 0], threading.Event()

    def stream(place):
        for _ in range(1000):
            made[place] += 1
            yield torch.zeros(1, 1, 1)
            if place:
                going_on.wait(60)

    first = whole(map(stream, range(2)), 2)
    next(first)
    threading.Timer(0.2, going_on.set).start()
    first.close()
    assert made[0] == 1000
    assert made[1] <= 2


def test_no_more_songs_are_read_than_are_worked_on():
    read = []

    def streams():
        for place in range(9):
            read.append(place)
            yield iter([torch.zeros(1, 1, 1)])

    found = whole(streams(), 2)
    for count in range(1, 7):
        next(found)
        assert len(read) <= count + 2
    found.close()


def test_an_error_in_a_song_is_raised(monkeypatch):
    def broken(chunk):
        return chunk.no_such_thing

    with pytest.raises(AttributeError, match="no_such_thing"):
        separated(broken, 2, monkeypatch)


@pytest.mark.parametrize(
    ("gib", "cores", "threads", "models", "songs"),
    [(64, 8, 1, 1, 8), (16, 8, 1, 1, 4), (64, 8, 2, 1, 4), (64, 8, 1, 4, 2), (2, 8, 1, 4, 1)],
)
def test_cores_and_memory_decide_how_many(monkeypatch, gib, cores, threads, models, songs):
    monkeypatch.setenv("HDEMUCS_JOBS", str(cores))
    monkeypatch.setattr(testset, "memory", lambda: gib * 2**30)
    assert songs_at_once(CPU, threads, models) == songs
    assert songs_at_once(torch.device("cuda"), threads, models) == 1


def test_a_control_group_can_leave_less_memory(monkeypatch):
    found = memory()
    assert 2**28 < found < 2**50
    files = {"/proc/self/cgroup": "0::/jobs/7\n", "/sys/fs/cgroup/jobs/memory.max": "1024\n"}
    monkeypatch.setattr(testset, "read", lambda path: files.get(str(path), ""))
    assert memory() == 1024
