"""Scoring a track: what comes out, and what is refused with one line."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from hdemucs.config.evaluation import MetricsConfig
from hdemucs.errors import UserError
from hdemucs.evaluation.aggregation import summary
from hdemucs.evaluation.score import score_track
from hdemucs.evaluation.systems import System
from hdemucs.metrics.bsseval.filters import IllPosedWarning
from hdemucs.metrics.museval_json import load, save
from hdemucs.metrics.nsdr import nsdr
from hdemucs.metrics.signals import LIMIT
from tests.metrics.signals import RATE, silent_stretch

NAMES = ("drums", "bass", "vocals")


def config(**changes):
    plain = dict(window=1.0, hop=1.0, metrics="sdr", filter_length=512, backend="own")
    return MetricsConfig(**{**plain, **changes})


@pytest.fixture
def signals():
    pair = silent_stretch()
    return tuple(dict(zip(NAMES, x.astype(np.float32), strict=True)) for x in pair)


def test_all_scores_of_a_track(signals):
    references, estimates = signals
    scores = score_track("A - B", references, estimates, RATE, config())
    assert tuple(scores.sources) == NAMES
    drums = scores.sources["drums"]
    assert np.isnan(drums.frames["SDR"]).tolist() == [False, True, False, True, False]
    stacked = [np.stack(list(x.values())) for x in signals]
    assert drums.whole["nSDR"] == pytest.approx(nsdr(*stacked)[0])


def test_the_original_backend_agrees(signals):
    own = score_track("T", *signals, RATE, config())
    original = score_track("T", *signals, RATE, config(backend="museval"))
    assert set(original.sources["bass"].frames) == {"SDR", "ISR", "SIR", "SAR"}
    for name in NAMES:
        theirs = original.sources[name].frames["SDR"]
        np.testing.assert_allclose(own.sources[name].frames["SDR"], theirs, atol=1e-9)


def test_longer_estimates_are_cut(signals):
    references, estimates = signals
    longer = {name: np.pad(x, ((0, 0), (0, 50))) for name, x in estimates.items()}
    first = score_track("T", references, estimates, RATE, config())
    second = score_track("T", references, longer, RATE, config())
    assert first.sources["bass"].whole == second.sources["bass"].whole


def nan(signals):
    signals["bass"] = signals["bass"] * np.float32("nan")


WRONG = {
    "missing": (lambda e: e.pop("bass"), "T: estimate of bass: is missing; supply"),
    "shorter": (
        lambda e: e.update(bass=e["bass"][:, :-1]),
        r"T: estimate of bass: has 19999 samples where the reference has 20000; separate",
    ),
    "mono": (lambda e: e.update(bass=e["bass"][:1]), "T: estimate of bass: has 1 channels where"),
    "silent": (lambda e: e.update(bass=0 * e["bass"]), "T: estimate of bass: is silent"),
    "not finite": (nan, "T: estimate of bass: holds NaN or infinite samples; look"),
}


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_bad_estimates_are_one_line(signals, wrong):
    references, estimates = signals
    damage, line = WRONG[wrong]
    damage(estimates)
    with pytest.raises(UserError, match=line) as refused:
        score_track("T", references, estimates, RATE, config())
    assert "\n" not in str(refused.value)


def test_bad_references_are_one_line(signals):
    references, estimates = signals
    with pytest.raises(UserError, match="T: reference: sources differ in shape"):
        score_track(
            "T", references | {"bass": references["bass"][:, 1:]}, estimates, RATE, config()
        )
    silence = {name: 0 * x for name, x in references.items()}
    with pytest.raises(UserError, match="T: references: are all silent; leave this track out"):
        score_track("T", silence, estimates, RATE, config())


@pytest.mark.parametrize("backend", ["own", "museval"])
@pytest.mark.parametrize("estimated", [0, 1])
def test_a_silent_source_has_no_score_and_takes_none_from_the_others(
    signals, tmp_path, backend, estimated
):
    """An instrumental: whatever is estimated for its vocals, the others are scored without."""
    references, estimates = signals
    asked = config(metrics="all", backend=backend)
    instrumental = references | {"vocals": 0 * references["vocals"]}
    given = estimates | {"vocals": estimated * estimates["vocals"]}
    scores = score_track("T", instrumental, given, RATE, asked)
    two = [{name: signal[name] for name in NAMES[:2]} for signal in signals]
    without = score_track("T", *two, RATE, asked)
    for name in NAMES[:2]:
        assert scores.sources[name].whole == without.sources[name].whole
        for metric, frames in without.sources[name].frames.items():
            np.testing.assert_array_equal(scores.sources[name].frames[metric], frames)
    save(scores, tmp_path / "T.json")
    for one in (scores, load(tmp_path / "T.json")):
        assert np.isnan(one.sources["vocals"].frames["SDR"]).all()
        assert np.isnan(list(one.sources["vocals"].whole.values())).all()
    full = score_track("U", references, estimates, RATE, asked)
    both = summary(System("x", (scores, full), None))
    assert both["sdr"]["vocals"] == summary(System("x", (full,), None))["sdr"]["vocals"]
    assert None not in both["nsdr"].values()


def test_references_that_determine_no_filters_are_marked_in_the_scores(signals, tmp_path):
    """Stereo made from mono, without an upper band, kept as floats."""
    references, estimates = signals
    band = butter(12, 0.3, output="sos")
    mono = {name: sosfiltfilt(band, np.stack([x[0], x[0]])) for name, x in references.items()}
    with pytest.warns(IllPosedWarning, match="T: the references are linearly dependent"):
        marked = score_track("T", mono, estimates, RATE, config(metrics="all"))
    plain = score_track("T", references, estimates, RATE, config(metrics="all"))
    assert (marked.dependent, plain.dependent) == (True, False)
    for scores in (marked, plain):
        save(scores, tmp_path / "T.json")
        assert load(tmp_path / "T.json").dependent == scores.dependent


def test_what_rounding_alone_decides_is_a_bound_and_no_score(signals):
    """The mixture as an estimate holds the references and nothing else: SAR has no end."""
    references, _ = signals
    mixture = sum(references.values())
    scores = score_track(
        "T", references, dict.fromkeys(references, mixture), RATE, config(metrics="all")
    )
    sar = scores.sources["bass"].frames["SAR"]
    assert set(sar[~np.isnan(sar)]) == {LIMIT}
    assert np.isfinite(scores.sources["bass"].frames["SIR"]).any()
    numbers = summary(System("mixture", (scores,), None))
    assert set(numbers["sar"].values()) == {None}
    assert None not in numbers["sir"].values()
