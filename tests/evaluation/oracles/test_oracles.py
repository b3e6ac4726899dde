"""Floors and ceilings are what their names say."""

import numpy as np
import pytest

from hdemucs.evaluation.oracles import static
from hdemucs.evaluation.oracles.estimate import RULES, Fitted, estimate
from hdemucs.metrics.nsdr import nsdr
from tests.report.conftest import stems

WINDOW = 512
EVEN = {name: np.full(WINDOW // 2 + 1, 0.25) for name in ("drums", "bass", "other", "vocals")}
MASKS = ("ibm", "irm-magnitude", "irm-power", "mwf")


@pytest.fixture(scope="module")
def song():
    truth = stems(3)
    return sum(truth.values()), truth


def score(estimates, truth):
    return nsdr(np.stack(list(truth.values())), np.stack([estimates[name] for name in truth]))


@pytest.mark.parametrize("name", [*RULES, "static-wiener"])
def test_estimates_have_the_stems_shape(song, name):
    mixture, truth = song
    made = estimate(name, mixture, truth, Fitted(WINDOW, EVEN))
    assert set(made) == set(truth)
    for signal in made.values():
        assert signal.shape == mixture.shape
        assert signal.dtype == np.float32


@pytest.mark.parametrize("name", ["irm-magnitude", "irm-power", "mwf", "mixture-quarter"])
def test_estimates_add_up_to_the_mixture(song, name):
    mixture, truth = song
    made = estimate(name, mixture, truth, Fitted(WINDOW, EVEN))
    np.testing.assert_allclose(sum(made.values()), mixture, atol=2e-5)


def test_knowing_more_scores_more(song):
    mixture, truth = song
    scores = {
        name: score(estimate(name, mixture, truth, Fitted(WINDOW, EVEN)), truth).mean()
        for name in ("mixture", "mixture-quarter", *MASKS)
    }
    assert scores["mixture"] < scores["mixture-quarter"] < min(scores[name] for name in MASKS)
    assert scores["irm-magnitude"] < scores["irm-power"]  # as SiSEC found on MUSDB18
    assert scores["irm-power"] <= scores["mwf"] + 0.5


def test_a_quarter_of_the_mixture_is_a_static_filter_that_knows_nothing(song):
    mixture, _ = song
    made = static.apply(mixture, EVEN, WINDOW)
    np.testing.assert_allclose(made["bass"], mixture / 4, atol=1e-6)


def test_the_static_filter_learns_where_sources_live():
    rng = np.random.default_rng(0)
    time = np.arange(16000)
    low = np.tile(np.sin(0.05 * time), (2, 1)).astype(np.float32)
    high = np.tile(np.sin(2.5 * time), (2, 1)).astype(np.float32)
    masks = static.fit([static.powers({"bass": low, "drums": high}, WINDOW)])
    np.testing.assert_allclose(masks["bass"] + masks["drums"], 1)
    truth = {"bass": low * 0.7, "drums": high * 0.4}
    made = static.apply(sum(truth.values()), masks, WINDOW)
    assert (score(made, truth) > 20).all()
    quiet = static.fit([static.powers({"a": 0 * low, "b": 0 * low}, WINDOW)])
    assert set(quiet["a"]) == {0.5}
    noise = rng.standard_normal((2, 4000)).astype(np.float32)
    assert np.isfinite(static.apply(noise, masks, WINDOW)["bass"]).all()


@pytest.mark.parametrize("name", MASKS)
def test_a_source_alone_is_found_exactly(name):
    truth = stems(5)
    truth = {key: x * (key == "vocals") for key, x in truth.items()}
    made = estimate(name, truth["vocals"], truth, Fitted(WINDOW, EVEN))
    np.testing.assert_allclose(made["vocals"], truth["vocals"], atol=1e-4)


def test_the_multichannel_filter_uses_the_panning():
    """Two noises alike in spectrum and time, one left and one right: only space tells them."""
    rng = np.random.default_rng(1)
    noise = 0.1 * rng.standard_normal((2, 1, 16000))
    pans = np.array([[[1.0], [0.2]], [[0.2], [1.0]]])
    truth = dict(zip(("a", "b"), (noise * pans).astype(np.float32), strict=True))
    mixture = sum(truth.values())
    wiener = score(estimate("mwf", mixture, truth, Fitted(WINDOW, {})), truth)
    ratio = score(estimate("irm-power", mixture, truth, Fitted(WINDOW, {})), truth)
    assert (wiener > ratio + 3).all()
