"""Preflight: a step at the real size says what a run needs."""

import dataclasses

import pytest

from hdemucs.errors import Refusal
from hdemucs.training import preflight as module
from hdemucs.training.preflight import preflight
from tests.training.runs import ALONE, config


def test_it_adds_a_run_up(tmp_path):
    found = preflight(config(epochs=3, steps_per_epoch=None), ALONE, tmp_path, 7, time_limit=None)
    assert found.steps == 21 and found.requeues is None
    assert found.parameters == pytest.approx(found.disk * 2**30 / 4 / (3 * 6 + 1), rel=0.2)
    assert 0 < found.memory < found.available
    assert len(found.lines()) == 6


@pytest.mark.parametrize(("limit", "requeues"), [(10.0, 0), (5.0, 1), (3.0, 3)])
def test_a_time_limit_means_requeues(tmp_path, limit, requeues):
    found = preflight(config(), ALONE, tmp_path, 1, time_limit=limit)
    ten_hours = dataclasses.replace(found, steps=36_000, seconds_per_step=1.0)
    assert ten_hours.requeues == requeues


def test_what_cannot_finish_is_refused(tmp_path):
    found = preflight(config(), ALONE, tmp_path, 1, time_limit=None)
    for change, key in (
        ({"disk": 1e6}, str(tmp_path)),
        ({"memory": 1e6}, "training.batch"),
        ({"seconds_per_step": 3600.0, "time_limit": 1.0}, "training.checkpoint_every"),
    ):
        with pytest.raises(Refusal, match=key):
            module.refused(dataclasses.replace(found, **change), config(), tmp_path)
