"""Preflight: steps that grow to the real size say what a run needs, and whether it can be."""

import dataclasses
import os
from functools import partial

import pytest
import torch

from hdemucs.data.share import Share
from hdemucs.errors import UserError
from hdemucs.preflight.dry_run import Cost, Trial
from hdemucs.preflight.forecast import Data, check, duration, preflight, validations
from hdemucs.preflight.loader_throughput import Supply, supply
from hdemucs.training.processes import Processes
from tests.training.runs import ALONE, config

LONGEST = 90.0  # days
PLENTY = 1000.0  # GiB
REPITCH = {"max_pitch": 2, "max_tempo": 12.0, "tempo_std": 5.0}
DATA = Data(steps=7, valid=20.0)


def found(folder, time_limit=None, **training):
    return preflight(config(**training), ALONE, folder, DATA, time_limit)


def test_it_adds_a_run_up(tmp_path):
    all_in = found(tmp_path, epochs=3, steps_per_epoch=None)
    assert all_in.steps == 21 and all_in.requeues is None
    assert all_in.parameters == pytest.approx(all_in.disk * 2**30 / 4 / (3 * 6 + 1), rel=0.2)
    assert all_in.tried == all_in.batch == config().training.batch
    assert 0 < all_in.peak < all_in.room.free <= all_in.room.total
    steps = 21 * all_in.seconds_per_step / 3600
    assert all_in.hours == pytest.approx(steps + all_in.validation / 3600)
    assert len(all_in.lines()) == 8
    check(all_in, config(), tmp_path, LONGEST)


@pytest.mark.parametrize(("limit", "requeues"), [(1e9, 0), (10.0, 0), (5.0, 1), (3.0, 3)])
def test_a_time_limit_means_requeues(tmp_path, limit, requeues):
    one = found(tmp_path, limit)
    ten_hours = dataclasses.replace(
        one, steps=36_000, seconds=Cost(1.0, 0.0), supply=Supply(0.0, 0), validation=0.0
    )
    assert ten_hours.requeues == requeues


@pytest.mark.parametrize(
    ("workers", "seconds"), [(0, 1.0 + 4 * 0.5), (1, 4 * 0.5), (3, 1.0), (4, 1.0)]
)
def test_steps_wait_for_repitching_or_have_it_done_beside_them(tmp_path, workers, seconds):
    """Of 4 examples, half a second each, for a step of one second."""
    one = dataclasses.replace(
        found(tmp_path), steps=3600, batch=4, seconds=Cost(1.0, 0.0), validation=0.0
    )
    slow = dataclasses.replace(one, supply=Supply(each=0.5, workers=workers))
    assert slow.seconds_per_step == pytest.approx(seconds)
    assert slow.hours == pytest.approx(seconds)
    assert sum(line.startswith("repitching    2 s of one core") for line in slow.lines()) == 1


def test_repitching_is_measured_where_there_is_any(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(16))
    seldom, often = (
        supply(
            config(segment=2.0, workers=10, mixing={"repitch": {**REPITCH, "probability": p}}), 2
        )
        for p in (0.01, 1.0)
    )
    assert 0 < 10 * seldom.each < often.each
    assert supply(config(workers=10, mixing={"repitch": None}), 2) == Supply(0.0, 8)
    assert seldom.workers == 8  # of 16 cores, which two processes share
    assert supply(config(workers=0), 2).workers == 0


def test_what_is_foreseen_comes_true():
    """From steps on 1, 2 and 4 examples, for 16 of them; small ones are lost in what is fixed."""
    few, many = (Trial(config(segment=6.0, batch=batch), ALONE) for batch in (4, 16))
    foreseen, _ = few.grow(PLENTY)
    many.grow(PLENTY)
    assert [step.examples for step in many.steps] == [1, 2, 4, 16]
    rise = many.steps[-1].memory - many.steps[0].memory
    assert 0.5 < 15 * foreseen.each / rise < 2


def test_nothing_is_tried_that_would_not_fit():
    trial, again = (Trial(config(segment=3.0, batch=16), ALONE) for _ in range(2))
    memory, _ = trial.grow(PLENTY)
    again.grow(memory.of(8))
    assert [step.examples for step in again.steps] == [1, 2, 4]


def test_a_batch_that_fits_nowhere_is_foreseen_and_refused(tmp_path):
    """And it is said what it would take."""
    asked = config(batch=40_000_000)
    big = preflight(asked, ALONE, tmp_path, DATA, None)
    assert (big.tried, big.batch) == (2, 40_000_000)
    assert any("foreseen from 2" in line for line in big.lines())
    with pytest.raises(
        UserError, match=r"training\.batch: is 40000000: .* GiB.* processes"
    ) as said:
        check(big, asked, tmp_path, LONGEST)
    assert "\n" not in str(said.value)
    split = 40_000_000 // big.enough
    assert split % big.group == 0 and big.needed(split)[1] <= big.room.total
    low, high = big.needed(big.batch)
    assert 0 < low <= big.peak <= high


def test_a_forecast_is_as_wide_as_repetitions_differ(tmp_path):
    """32 examples from 4, of 1 GiB each, or 10 % less or more; none where the step was made."""
    one = dataclasses.replace(
        found(tmp_path), memory=Cost(2.0, 1.0), spread=(0.9, 1.1), batch=32, tried=4
    )
    assert one.needed(4) == (6.0, 6.0)
    assert one.needed(32) == pytest.approx((31.2, 36.8))
    assert "peak memory   31 to 37 GiB" in "\n".join(one.lines())
    whole = dataclasses.replace(one, tried=32)
    assert "peak memory   34.00 GiB" in "\n".join(whole.lines())


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (31_119.0, "31,100 h (3.5 years)"),
        (100.0, "100 h (4.2 days)"),
        (2500.0, "2,500 h (3.4 months)"),
        (5.678, "5.68 h"),
        (0.01234, "0.0123 h"),
        (0.0, "0 h"),
    ],
)
def test_durations_are_told_in_three_digits_and_in_what_one_can_picture(hours, said):
    assert duration(hours) == said


def test_parameters_that_fit_nowhere_are_refused_before_they_are_made(tmp_path):
    small = config()
    model = dataclasses.replace(small.model, channels=2**20)
    with pytest.raises(UserError, match="its parameters and what is kept of each take"):
        preflight(dataclasses.replace(small, model=model), ALONE, tmp_path, DATA, None)


def test_what_cannot_finish_is_refused(tmp_path):
    one = found(tmp_path)
    slow, crowded = Cost(3600.0, 0.0), Cost(0.5 * one.room.total, one.room.total / 16)
    for change, key in (
        ({"disk": 1e6}, str(tmp_path)),
        ({"seconds": slow, "time_limit": 1.0}, "training.checkpoint_every"),
        ({"seconds": slow, "steps": 24 * 91}, "would train for 91 days"),
        ({"memory": crowded, "batch": 16, "tried": 2}, "use 4 processes .* or one with"),
    ):
        with pytest.raises(UserError, match=key):
            check(dataclasses.replace(one, **change), config(), tmp_path, LONGEST)


def test_every_candidate_of_every_epoch_is_validated(tmp_path, monkeypatch):
    """The model and its averages separate all songs, which are 20 s long."""
    monkeypatch.setattr(Trial, "listening", lambda self: 0.5)  # seconds for one of them
    one = config(epochs=4, averages={"step": [], "epoch": []})
    three = config(epochs=4, averages={"step": [0.9], "epoch": [0.5]})
    assert validations(one) == 4
    assert validations(three) == 12
    assert validations(config(epochs=4, validate_every=2, averages={"step": [], "epoch": []})) == 2
    all_in = found(tmp_path, epochs=4, averages={"step": [0.9], "epoch": [0.5]})
    assert all_in.validation == 12 * 20.0 * 0.5
    assert any("of them validation" in line for line in all_in.lines())


def test_separation_without_shifts_is_one_pass_as_it_is_with_one():
    def passes(**changes):
        trial = Trial(dataclasses.replace(config(), validation=settings(**changes)), ALONE)
        trial.seconds_of = lambda work: 3.0
        return trial.listening() / 3.0 * (trial.short / config().sample_rate)

    settings = partial(dataclasses.replace, config().validation)
    assert passes(shifts=0, overlap=0.0) == pytest.approx(1.0)
    assert passes(shifts=1, overlap=0.0) == pytest.approx(1.0)
    assert passes(shifts=10, overlap=0.25) == pytest.approx(10 / 0.75)


def test_a_batch_that_cannot_be_shared_out_is_refused_before_a_step_is_made(tmp_path):
    third = Processes(Share(0, 3), torch.device("cpu"))
    with pytest.raises(UserError, match=r"training\.batch: is 4, no multiple of 12"):
        preflight(config(batch=4, mixing={"remix": 4}), third, tmp_path, DATA, None)
