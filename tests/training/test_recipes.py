"""The parts of recipes: each is what its name says, and a run with all of them is whole."""

import csv
import io
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.optim.lr_scheduler import ReduceLROnPlateau

from hdemucs.config.load import validated
from hdemucs.config.training import TrainConfig
from hdemucs.data.segments import as_it_is, of_mixture, songs_of
from hdemucs.errors import UserError
from hdemucs.models.family import build
from hdemucs.models.store import load_model
from hdemucs.training.average import buffers_of, weights_of
from hdemucs.training.learner import Learner, mixing_of
from hdemucs.training.recipe.mixing.base import Songs
from hdemucs.training.recipe.schedule.plateau import Plateau, PlateauConfig
from hdemucs.training.recipe.schedule.warm_up_decay import WarmUpDecay, WarmUpDecayConfig
from hdemucs.training.recipe.stop.patience import Patience, PatienceConfig
from hdemucs.training.run import fit
from tests.training.runs import ALONE, config, content, directory, trained

LSTM = "network.lstm.0.weight_ih_l0"


@pytest.mark.parametrize(("patience", "cooldown"), [(0, 0), (2, 0), (1, 3)])
def test_a_plateau_is_torchs(patience, cooldown):
    ours = Plateau(PlateauConfig(kind="plateau", factor=0.5, patience=patience, cooldown=cooldown))
    inner = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = ReduceLROnPlateau(inner, factor=0.5, patience=patience, cooldown=cooldown, eps=0.0)
    losses = 1 + 0.05 * np.random.default_rng(1).standard_normal(60).cumsum()
    for loss in losses:
        ours.validated(loss)
        theirs.step(loss)
        assert ours.factor(0) == inner.param_groups[0]["lr"]
    again = Plateau(ours.config)
    again.restore(json.loads(json.dumps(ours.state())))
    assert vars(again) == vars(ours) and ours.reductions > 2


def test_a_warm_up_rises_linearly_and_then_decays_in_steps():
    rate = WarmUpDecay(WarmUpDecayConfig(kind="warm_up_decay", warm_up=4, factor=0.9, every=10))
    assert [rate.factor(step) for step in (0, 1, 3, 4, 9)] == [0, 0.25, 0.75, 1, 1]
    assert [rate.factor(step) for step in (10, 19, 20)] == pytest.approx([0.9, 0.9, 0.81])


@pytest.mark.parametrize(("watch", "last"), [("valid", 6), ("train", 4)])
def test_patience_ends_when_the_watched_loss_was_not_lower_for_so_long(watch, last):
    stop = Patience(PatienceConfig(kind="patience", epochs=2, watch=watch))
    seen = [(3.0, 3.0), (2.0, 4.0), (2.0, None), (2.5, 2.0), (2.2, 2.0), (2.1, 2.0)]
    over = []
    for losses in seen[:last]:
        stop.after_epoch(*losses)
        over.append(stop.over)
    assert over == [False] * (last - 1) + [True]
    again = Patience(stop.config)
    again.restore(json.loads(json.dumps(stop.state())))
    assert again.over and vars(again) == vars(stop)


@pytest.mark.parametrize("part", ["objective", "optimiser", "schedule", "stop", "mixing"])
def test_a_kind_that_is_not_known_is_refused_by_name(part):
    wrong = content("waveform", **{part: {"kind": "magic"}})
    with pytest.raises(UserError, match=rf"^x\.training\.{part}\.kind=magic: is no known {part}"):
        validated(wrong, TrainConfig, "x")


def test_gradients_are_clipped_weights_decay_and_the_schedule_is_obeyed():
    """A step of the recipe is a step of torch's Adam on the clipped gradient."""
    settings = config("x_umx", optimiser={"clip": 1e-3}, averages={"step": [], "epoch": []})
    learner = Learner(build(settings.model, 1), settings, ALONE)
    before = {n: p.detach().clone() for n, p in learner.model.named_parameters()}
    gradients = {}
    learner.optimiser.inner.register_step_pre_hook(
        lambda *_: gradients.update(
            (n, p.grad.clone()) for n, p in learner.model.named_parameters()
        )
    )
    learner.schedule.reductions = 1
    learner.step(0.1 * torch.randn(4, 4, 2, 4000))
    length = torch.stack([g.square().sum() for g in gradients.values()]).sum().sqrt()
    assert length.item() == pytest.approx(1e-3, rel=1e-3)
    name, weight = next(iter(learner.model.named_parameters()))
    twin = torch.nn.Parameter(before[name])
    twin.grad = gradients[name]
    theirs = torch.optim.Adam(
        [twin], lr=0.03 * 0.3, betas=(0.9, 0.999), weight_decay=1e-5, amsgrad=True
    )
    theirs.step()
    torch.testing.assert_close(weight, twin)
    assert any("max_exp_avg_sq" in key for key in learner.state())


def pool(songs, scale=as_it_is):
    root, manifest = songs
    return Songs(root=root, manifest=manifest, scale=scale)


def test_independent_sources_come_from_anywhere_and_any_worker_draws_the_same(songs):
    plain = {"kind": "independent", "per_track": 32, "gain": None, "swap_channels": 0.0, "sums": 1}
    settings = config("x_umx", mixing=plain, segment=0.5)
    examples = mixing_of(settings, ALONE).examples(pool(songs))
    assert len(examples) == 64  # of two songs
    places = [(place, 0) for place in range(64)]
    batch = examples[places]
    assert torch.equal(torch.cat([examples[places[40:]], examples[places[:40]]]), batch.roll(24, 0))
    examples.epoch = 1
    assert not torch.equal(examples[places], batch)
    whole = []
    for song in songs_of(*songs, "train"):
        out = np.empty((4, 2, song.track.frames), np.float32)
        for stem, place in zip(song.stems, out, strict=True):
            stem.read(0, place)
        whole.append(out)
    origins = [
        [origin(stem, s, whole) for s, stem in enumerate(example)] for example in batch.numpy()
    ]
    songs_drawn = np.array([[song for song, _ in each] for each in origins])
    assert 0.3 < songs_drawn.mean() < 0.7
    assert (songs_drawn != songs_drawn[:, :1]).any(1).mean() > 0.5
    assert len({start for each in origins for _, start in each}) > 200


def origin(stem, source, whole):
    """The song and the sample that a segment starts at."""
    for number, song in enumerate(whole):
        found = np.flatnonzero(song[source, 0] == stem[0, 0])
        for start in found:
            if np.array_equal(song[source, :, start : start + stem.shape[1]], stem):
                return number, start
    raise AssertionError("it is no part of a song")


def test_sources_are_scaled_swapped_and_added_up(songs):
    """By their own draws; at the scale that the recipe trains at."""
    one = {"kind": "independent", "per_track": 64, "gain": None, "swap_channels": 0.0, "sums": 1}
    places = [(place, 0) for place in range(128)]

    def drawn(scale=as_it_is, **changes):
        settings = config("x_umx", mixing={**one, **changes}, segment=0.25)
        return mixing_of(settings, ALONE).examples(pool(songs, scale))[places]

    plain = drawn()
    left, swapped = (x[:, :, 0].square().sum(-1) for x in (plain, drawn(swap_channels=0.5)))
    heard = left > 1e-3  # the right channel is 0.8 times the left
    assert 0.4 < ((swapped / left)[heard] < 0.7).double().mean() < 0.6
    louder = drawn(gain=[0.25, 1.25])[:, 0, 0].square().sum(-1)  # later draws come after a gain's
    gains = (louder / left[:, 0])[heard[:, 0]].sqrt()
    assert 0.2499 < gains.min() < 0.3 and 1.2 < gains.max() < 1.2501
    assert drawn(sums=2).square().sum() > 1.5 * plain.square().sum()
    assert drawn(of_mixture).std() > 2 * plain.std()


def test_the_model_is_fitted_to_the_songs_before_its_first_step_and_never_again(songs, tmp_path):
    root, manifest = songs
    settings = config("x_umx")
    learner = Learner(build(settings.model, 1), settings, ALONE)
    fresh = {name: tensor.clone() for name, tensor in weights_of(learner.model).items()}
    fit(learner, root, settings, manifest)
    shift = "network.encode.0.shift"
    assert not torch.equal(weights_of(learner.model)[shift], fresh[shift])
    assert torch.equal(
        weights_of(learner.model)["network.lstm.0.weight_ih_l0"],
        fresh["network.lstm.0.weight_ih_l0"],
    )
    stored = trained(directory(tmp_path / "run", manifest, "x_umx", epochs=1), root)
    again = json.loads(json.dumps(content("x_umx")))
    again["training"]["start_from"] = {"variant": "x", "config": ""}
    tuned = Learner(load_model(stored).model.train(), validated(again, TrainConfig, "x"), ALONE)
    before = weights_of(tuned.model)[shift].clone()
    fit(tuned, root, validated(again, TrainConfig, "x"), manifest)
    assert torch.equal(weights_of(tuned.model)[shift], before)


def test_a_run_stops_early_and_publishes_the_best_epochs_statistics(songs, tmp_path):
    root, manifest = songs
    folder = trained(directory(tmp_path / "run", manifest, "x_umx", epochs=40), root)
    rows = list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))
    done = json.loads((folder / "DONE.json").read_text())
    losses = [float(row["valid_loss"]) for row in rows]
    assert done["epochs"] == len(rows) < 40
    assert losses[-1] >= min(losses[:-1]) and losses[-2] == min(losses)
    assert {"train_magnitude", "train_time", "rate_factor"} <= rows[0].keys()
    assert float(rows[0]["train_loss"]) == pytest.approx(
        float(rows[0]["train_magnitude"]) + 10 * float(rows[0]["train_time"]), rel=1e-5
    )
    stored = load_model(folder)
    assert stored.conditions.normalise == "none"
    counts = {
        n: t for n, t in buffers_of(stored.model).items() if n.endswith("num_batches_tracked")
    }
    assert counts and all(count == 5 * done["epoch"] for count in counts.values())
    newest = sorted((folder / "checkpoints").glob("*.safetensors"))[-1]
    names = load_file(newest).keys()
    for part in ("model", "best", "averages/step-0.9"):
        assert any(name.startswith(f"{part}/") and "running_mean" in name for name in names), part


def test_averages_take_buffers_as_they_are():
    settings = config("x_umx")
    learner = Learner(build(settings.model, 1), settings, ALONE)
    for _ in range(3):
        learner.step(0.1 * torch.randn(4, 4, 2, 4000))
    average, model = learner.averages.by_name["step-0.9"].weights, weights_of(learner.model)
    assert average.keys() == model.keys()
    for name in buffers_of(learner.model):
        assert torch.equal(average[name], model[name]), name
    assert not torch.equal(average[LSTM], model[LSTM])
