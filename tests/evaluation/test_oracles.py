"""Every oracle is scored on every test track of a real data set, in any number of processes."""

import numpy as np
import pytest

from hdemucs import audio
from hdemucs.config.evaluation import EvaluationConfig, OracleConfig
from hdemucs.data.manifest import MIXTURE, File, Manifest, Track
from hdemucs.evaluation.oracle_scores import score_oracles
from tests.report.conftest import RATE, SOURCES, stems

from .test_score import config

NAMES = ("mixture", "mixture-quarter", "static-wiener", "ibm", "irm-magnitude", "irm-power", "mwf")
CONFIG = EvaluationConfig(
    metrics=config(filter_length=32, metrics="all"), oracles=OracleConfig(names=NAMES, window=512)
)


def track(root, name, split, seed):
    """Write one song, and its entry in the manifest."""
    truth = stems(seed, seconds=3)
    folder = "test" if split == "test" else "train"
    files = {}
    for key, signal in {**truth, MIXTURE: sum(truth.values())}.items():
        path = f"{folder}/{name}/{key}.wav"
        audio.write(root / path, signal, RATE, bits=0)
        files[key] = File(path=path, size=1, sha256="0", peak=1.0, loudness=None, active=1.0)
    return Track(
        name=name, split=split, frames=3 * RATE, seconds=3.0, mean=0.0, std=1.0, residual=0.0,
        files=files,
    )  # fmt: skip


@pytest.fixture
def manifest(tmp_path):
    tracks = (
        track(tmp_path, "A", "train", 1),
        track(tmp_path, "B", "test", 2),
        track(tmp_path, "C", "test", 3),
    )
    return Manifest(name="made", sample_rate=RATE, channels=2, sources=SOURCES, tracks=tracks)


def test_scores_of_every_oracle(manifest, tmp_path):
    scored = score_oracles(manifest, tmp_path, CONFIG, 1)
    assert tuple(scored) == NAMES
    for tracks in scored.values():
        assert [one.track for one in tracks] == ["B", "C"]
        assert set(tracks[0].sources["drums"].frames) == {"SDR", "ISR", "SIR", "SAR"}

    def mean(name):
        scores = [t.sources[s].whole["nSDR"] for t in scored[name] for s in SOURCES]
        return np.mean(scores)

    assert mean("mixture") < mean("mixture-quarter") < mean("irm-magnitude") < mean("irm-power")
    assert mean("static-wiener") < mean("irm-magnitude")


def test_every_oracle_scores_an_instrumental(manifest, tmp_path):
    """Its silent vocals alone have no score; masks and filters of silence are no trouble."""
    test = manifest.tracks[1]
    vocals = audio.read(tmp_path / test.files["vocals"].path)
    audio.write(tmp_path / test.files["vocals"].path, 0 * vocals, RATE, bits=0)
    mixture = audio.read(tmp_path / test.files[MIXTURE].path) - vocals
    audio.write(tmp_path / test.files[MIXTURE].path, mixture, RATE, bits=0)
    for name, tracks in score_oracles(manifest, tmp_path, CONFIG, 1).items():
        for source, scores in tracks[0].sources.items():
            assert np.isnan(scores.whole["nSDR"]) == (source == "vocals"), name
