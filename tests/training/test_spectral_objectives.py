"""Objectives over spectrograms, each against its definition written out in plain loops."""

import itertools

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from hdemucs.config.parts import built
from hdemucs.errors import UserError
from hdemucs.models.family import build
from hdemucs.registry import part
from hdemucs.training.recipe.task import Task
from tests.family import SOURCES
from tests.systems import tiny

TASK = Task(sources=SOURCES, sample_rate=8000, seed=5)
KINDS = {
    "magnitude_mse": ("x_umx", {"centred": False}),
    "magnitude_l1": ("u_net", {"centred": True}),
    "magnitude_and_time": ("x_umx", {"time": 10.0}),
    "complex_mse_random_target": ("lasaft", {}),
}


def objective(kind, family=None, task=TASK):
    chosen, settings = KINDS[kind]
    separator = build(tiny(family or chosen), seed=3).eval()
    config = part("objective", kind).config(kind=kind, **settings)
    return built("objective", config, separator, task)


def stems(batch=3, length=500):
    generator = torch.Generator().manual_seed(1)
    loudness = torch.tensor([1.0, 0.3, 0.5, 0.8]).view(4, 1, 1)
    return loudness * torch.randn(batch, 4, 2, length, generator=generator)


@pytest.mark.parametrize(("kind", "power"), [("magnitude_mse", 2), ("magnitude_l1", 1)])
@torch.no_grad()
def test_magnitudes_are_compared_bin_by_bin(kind, power):
    chosen, batch = objective(kind), stems()
    stft, centred = chosen.separator.stft, kind == "magnitude_l1"
    total = []
    for example in batch:
        mixture = stft(example.sum(0), centred=centred)[None]
        estimate = chosen.separator.network(mixture.abs())[0]
        for stem, guess in zip(example, estimate, strict=True):
            for channel, row in zip(stem, guess, strict=True):
                reference = torch.stft(
                    channel, 64, 16, window=torch.hann_window(64), center=centred,
                    return_complex=True,
                ).abs()  # fmt: skip
                total.append((row - reference).abs().pow(power).mean())
    assert_close(chosen(batch)["total"], torch.stack(total).mean())


@pytest.mark.parametrize("kind", ["magnitude_mse", "magnitude_l1", "magnitude_and_time"])
def test_silence_is_the_loss_of_a_network_that_writes_nothing(kind):
    chosen, batch = objective(kind), stems()
    silent = chosen.separator.network
    silent.forward = lambda x: torch.zeros(len(x), 4, *x.shape[1:])
    assert_close(chosen.silence(batch), chosen(batch)["total"], rtol=2e-2, atol=0)


def weighted_sdr(m, y, guess):
    n, n_guess = m - y, m - guess
    share = (y @ y) / (y @ y + n @ n)

    def cosine(a, b):
        return (a @ b) / np.sqrt((a @ a) * (b @ b))

    return -share * cosine(y, guess) - (1 - share) * cosine(n, n_guess)


@torch.no_grad()
def test_the_14_sums_of_sources_are_compared_in_magnitude_and_in_time():
    """In NumPy and double precision, sum by sum, channel by channel."""
    chosen, batch = objective("magnitude_and_time"), stems()
    separator = chosen.separator
    z = separator.stft(batch.sum(1))
    estimate = separator.estimate(z)
    waves = separator.stft.inverse(separator.spectrograms(z), 496)  # 31 hops of 16
    references = separator.stft(batch).abs().double().numpy()
    magnitudes, waves = estimate.double().numpy(), waves.double().numpy()
    targets = batch[..., :496].double().numpy()
    mixture = targets.sum(1)
    frequency, time = [], []
    for size in (1, 2, 3):
        for subset in itertools.combinations(range(4), size):
            rows = list(subset)
            error = magnitudes[:, rows].sum(1) - references[:, rows].sum(1)
            frequency.append((error**2).mean())
            y, guess = targets[:, rows].sum(1), waves[:, rows].sum(1)
            for b, c in itertools.product(range(3), range(2)):
                time.append(weighted_sdr(mixture[b, c], y[b, c], guess[b, c]))
    assert len(frequency) == 14
    losses = chosen(batch)
    expected = {"magnitude": np.mean(frequency), "time": 1 + np.mean(time)}
    expected["total"] = expected["magnitude"] + 10 * expected["time"]
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-4), name


@torch.no_grad()
def test_perfect_estimates_leave_no_loss_of_magnitudes_and_none_in_time():
    chosen, batch = objective("magnitude_and_time"), stems()
    reference = chosen.separator.stft(batch).abs()
    losses = chosen.losses(reference, reference, batch, batch)
    assert losses["magnitude"] == 0
    assert losses["time"].item() == pytest.approx(0, abs=1e-5)
    assert chosen.losses(reference, reference, -batch, batch)["time"] > 0.5


@torch.no_grad()
def test_one_random_source_of_each_example_is_compared():
    chosen, batch = objective("complex_mse_random_target"), stems(batch=6)
    state = chosen.generator.get_state()
    wanted = chosen.draw(6, 4)
    assert len(set(wanted.tolist())) > 1
    chosen.generator.set_state(state)
    total = []
    for example, source in zip(batch, wanted.tolist(), strict=True):
        estimate = chosen.separator(example.sum(0)[None])[0, source]
        # what comes back as a waveform was the network's spectrogram, but for its inconsistency:
        z = chosen.separator.spectrograms(chosen.separator.stft(example.sum(0)[None]))[0, source]
        reference = chosen.separator.stft(example[source])
        difference = torch.view_as_real(z - reference)
        total.append(difference.square().mean())
        assert estimate.shape == example[source].shape
    assert_close(chosen(batch)["total"], torch.stack(total).mean(), rtol=1e-4, atol=1e-6)


@torch.no_grad()
def test_a_separator_of_one_source_is_compared_with_its_own_stem():
    task = Task(sources=("other", *SOURCES[:2], "vocals"), sample_rate=8000, seed=5)
    chosen, batch = objective("magnitude_l1", task=task), stems()
    reordered = batch[:, [1, 2, 0, 3]]
    assert torch.equal(chosen.targets(batch), reordered)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_validation_is_lower_for_better_waveforms(kind):
    chosen, song = objective(kind), stems(batch=1)[0]
    noisy = [song + level * torch.randn_like(song) for level in (0.0, 0.1, 1.0)]
    monitored = [chosen.monitor(estimate, song).item() for estimate in noisy]
    assert monitored == sorted(monitored)
    assert monitored[0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_spectrograms_is_refused(kind):
    with pytest.raises(UserError, match="spectrograms"):
        objective(kind, family="conv_tasnet")


def test_a_network_that_cannot_be_asked_for_a_source_is_refused():
    with pytest.raises(UserError, match="cannot be told"):
        objective("complex_mse_random_target", family="u_net")
