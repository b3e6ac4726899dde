"""A diverged run ends within its epoch, with one line and its last good state."""

import json
import math

import pytest

from hdemucs.config.training import GuardConfig
from hdemucs.errors import UserError
from hdemucs.training.divergence import Guard
from hdemucs.training.run import digest
from tests.training.runs import directory, prepared_run, trained


@pytest.fixture
def guard():
    return Guard("tiny", GuardConfig(loss=3.0, penalty=20.0))


def test_a_good_run_goes_on(guard):
    for loss in (0.5, 0.4, 0.3):
        guard.watch("epoch 1", loss, 0.5, 300.0)
        guard.after_epoch(loss)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run(guard, value):
    with pytest.raises(UserError, match=r"tiny: diverged in epoch 7: the loss is (nan|inf)"):
        guard.watch("epoch 7", value, 0.5, 0.0)
    with pytest.raises(UserError, match="diverged"):
        guard.watch("epoch 7", 0.5, 0.5, value)


def test_a_loss_worse_than_silence_ends_the_first_epoch(guard):
    guard.watch("epoch 1", 1.4, 0.5, 0.0)
    with pytest.raises(UserError, match=r"the loss is 1.6, it was 0.5"):
        guard.watch("epoch 1", 1.6, 0.5, 0.0)


def test_a_runaway_loss_is_measured_by_the_best_epoch(guard):
    guard.after_epoch(0.08)
    guard.after_epoch(0.1)
    with pytest.raises(UserError, match=r"the loss is 0.25, it was 0.08"):
        guard.watch("epoch 3", 0.25, 0.5, 0.0)


def test_an_exploding_penalty_ends_the_run(guard):
    """300 -> 15,545 is what users saw (facts 8.1)."""
    guard.watch("epoch 5", 0.1, 0.5, 300.0)
    with pytest.raises(UserError, match="the penalty is"):
        guard.watch("epoch 6", 0.1, 0.5, 15_545.0)


def test_its_memory_is_part_of_a_checkpoint(guard):
    guard.watch("epoch 1", 0.1, 0.5, 300.0)
    other = Guard("tiny", guard.config)
    other.restore(guard.state())
    assert (other.loss, other.penalty) == (math.inf, 300.0)


def test_a_validation_loss_that_ran_away_ends_the_run(guard):
    guard.validated("epoch 1", 5.0, math.inf)
    with pytest.raises(UserError, match="validation loss is nan"):
        guard.validated("epoch 1", math.nan, math.inf)
    with pytest.raises(UserError, match=r"validation loss is 0.4, it was 0.1"):
        guard.validated("epoch 2", 0.4, 0.1)


def test_a_run_that_diverges_keeps_its_last_good_state(songs, tmp_path):
    """A poisoned batch in the second epoch: NaN weights after it, and checkpoints at each step."""
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest, checkpoint_every=1)
    loop = prepared_run(folder, root)
    step, made = loop.learner.step, iter(range(100))
    loop.learner.step = lambda stems: step(stems * (math.inf if next(made) == 7 else 1))
    with pytest.raises(
        UserError, match=r"tiny-waveform: diverged in epoch 2, step 3.*is nan"
    ) as told:
        loop.run(loop.resume(digest(folder)))
    assert "\n" not in str(told.value)
    assert json.loads((folder / "progress.json").read_text())["state"] == "diverged"
    newest = loop.checkpoints.newest()
    assert (newest.facts["epoch"], newest.facts["sums"]["steps"]) == (1, 1)  # 2: nobody vouches
    assert all(tensor.isfinite().all() for tensor in newest.tensors.values())


def test_a_wild_rate_ends_in_one_line(songs, tmp_path):
    root, manifest = songs
    folder = directory(tmp_path / "run", manifest, optimiser={"learning_rate": 1e9}, penalty=None)
    with pytest.raises(UserError, match=r"diverged in epoch 1.*lower training.optimiser"):
        trained(folder, root)
    assert not (folder / "DONE.json").exists()
