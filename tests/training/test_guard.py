"""A diverged run ends within its epoch, with one line and its last good state."""

import json
import math

import pytest

from hdemucs.config.training import GuardConfig
from hdemucs.errors import UserError
from hdemucs.training.divergence import Guard
from hdemucs.training.run import identity
from hdemucs.training.state import TrainingState
from tests.training.runs import directory, prepared_run, trained

STEPS = 4


@pytest.fixture
def guard():
    return Guard("tiny", GuardConfig(loss=3.0, penalty=20.0, steps=STEPS))


def watch(guard, *losses, silence=0.5, penalty=0.0, place="epoch 7"):
    for loss in losses:
        guard.watch(place, loss, silence, penalty)


def test_a_good_run_goes_on(guard):
    watch(guard, *(0.5 / step for step in range(1, 30)), penalty=300.0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run_at_once(guard, value):
    with pytest.raises(UserError, match=r"tiny: diverged in epoch 7: the loss is (nan|inf)"):
        watch(guard, value)
    with pytest.raises(UserError, match="diverged"):
        guard.watch("epoch 7", 0.5, 0.5, value)


def test_one_batch_is_no_trend(guard):
    """Epochs of one step: a batch ten times as loud as the last has ten times its loss."""
    for loudness in (0.01, 0.1, 1.0, 0.02, 0.5):
        watch(guard, 0.9 * loudness, silence=loudness)
    watch(guard, *[0.1] * STEPS, 0.8, 0.1, silence=0.5)  # one step eight times as bad


def test_a_loss_worse_than_silence_ends_the_run_and_says_what_was_seen(guard):
    watch(guard, *[1.4] * 2 * STEPS)
    said = r"over the last 4 steps the loss is 1.55, 3.1 times that of silence, .* it was 1 times"
    with pytest.raises(UserError, match=said):
        watch(guard, 1.7, 1.7, 1.7)


def test_a_runaway_loss_is_measured_by_the_best_running_mean(guard):
    watch(guard, *[0.05] * STEPS, *[0.1] * STEPS)
    with pytest.raises(
        UserError, match=r"the loss is 0.1525, 0.305 times .* best it was 0.1 times"
    ):
        watch(guard, 0.2, 0.2, 0.11)


def test_silent_examples_judge_nothing(guard):
    watch(guard, *[0.1] * 2 * STEPS, silence=0.0)
    assert guard.share == 1.0


def test_an_exploding_penalty_ends_the_run(guard):
    """300 -> 15,545 is what a user saw (facebookresearch/demucs#354)."""
    watch(guard, *[0.1] * STEPS, penalty=300.0)
    with pytest.raises(UserError, match=r"the penalty is .* at its lowest it was 300"):
        watch(guard, *[0.1] * STEPS, penalty=15_545.0)


def test_its_memory_is_part_of_a_checkpoint(guard):
    watch(guard, *[0.1] * STEPS, 0.2, penalty=300.0)
    other = Guard("tiny", guard.config)
    other.restore(json.loads(json.dumps(guard.state())))
    assert other.state() == guard.state()
    assert (other.share, other.penalty) == (0.2, 300.0)


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
        loop.run(loop.resume(identity(folder)) or TrainingState())
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
