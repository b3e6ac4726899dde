"""A small study that was really scored: noisy estimates of made-up songs."""

import numpy as np
import pytest

from hdemucs.config.evaluation import MetricsConfig
from hdemucs.config.report import IntervalConfig, MarginConfig, ReportConfig, RowConfig
from hdemucs.evaluation.oracles.estimate import Fitted, estimate
from hdemucs.evaluation.oracles.static import fit, powers
from hdemucs.evaluation.pictures import NAME, save_pictures
from hdemucs.evaluation.score import score_track
from hdemucs.evaluation.systems import DataFacts, Facts, save_system
from hdemucs.report.runs import RunFacts, save_runs

RATE = 8000
SOURCES = ("drums", "bass", "other", "vocals")
METRICS = MetricsConfig(window=1.0, hop=1.0, metrics="sdr", filter_length=512, backend="own")
DATA = DataFacts(name="embedded", sha256="d" * 64, sample_rate=RATE)
TRACKS = tuple(f"Nobody - Song {index}" for index in range(9))
MODELS = {"demucs-v2": 0.6, "waveform": 0.5, "waveform-no-lstm": 0.52, "hybrid": 0.3}


def stems(seed, seconds=4):
    """Tones and noises that come and go; the first source is silent in the second second."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    songs = {}
    for place, source in enumerate(SOURCES):
        tone = np.sin(2 * np.pi * time * rng.uniform(100, 2000) * (place + 1) / 4)
        noise = rng.standard_normal((2, len(time)))
        swell = 1.2 + np.sin(time * rng.uniform(1, 5))
        songs[source] = (0.1 * swell * (tone + 0.4 * noise)).astype(np.float32)
    songs["drums"][:, RATE : 2 * RATE] = 0
    return songs


def noisy(truth, level, seed):
    """Estimates with noise of about `level` times the stem's, more or less by track and source."""
    rng = np.random.default_rng(seed)

    def noise(stem):
        return (
            level * rng.uniform(0.8, 1.25) * np.abs(stem).mean() * rng.standard_normal(stem.shape)
        )

    return {name: (stem + noise(stem)).astype(np.float32) for name, stem in truth.items()}


def run_facts(name, seed):
    return RunFacts(
        run=f"{name}-0123abcd",
        config="a" * 64,
        code="b" * 64,
        data="d" * 64,
        seed=seed,
        epochs=3,
        planned=3,
        parameters=568_576,
        weights="e" * 64,
        start=None,
    )


def save_scored(folder, name, kind, estimates, data=DATA):
    truth = {track: stems(seed) for seed, track in enumerate(TRACKS)}
    scored = [score_track(track, truth[track], estimates[track], RATE, METRICS) for track in TRACKS]
    facts = Facts(system=name, kind=kind, data=data, metrics=METRICS, separation=None)
    save_system(folder / name, scored, facts)


def row(name, label, baseline, *published, systems=()):
    return RowConfig(
        name=name,
        label=label,
        systems=systems or (name,),
        baseline=baseline,
        published=published,
    )


CONFIG = ReportConfig(
    title="A study of nothing",
    scale="quick",
    rows=(
        row("demucs-v2", "Demucs v2", "waveform", "T6/demucs-v2"),
        row("waveform", "Improved time Demucs", None, "T7/base"),
        row("waveform-no-lstm", "- LSTM in branch", "waveform", "T7/no-lstm"),
        row("hybrid", "Hybrid Demucs", "waveform"),
        row("never-run", "Never run", "waveform", "T7/relu"),
    ),
    interval=IntervalConfig(level=0.95, resamples=999, seed=7),
    margin=MarginConfig(all=0.2, source=0.4),
)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The folders that a report is made of: four models and four oracles."""
    root = tmp_path_factory.mktemp("study")
    truth = {track: stems(seed) for seed, track in enumerate(TRACKS)}
    for place, (name, level) in enumerate(MODELS.items()):
        made = {
            t: noisy(truth[t], level, 100 * (place + 1) + seed) for seed, t in enumerate(TRACKS)
        }
        save_scored(root / "scores", name, "model", made)
        save_pictures(root / "scores" / name / NAME, made[TRACKS[0]], RATE)
        save_runs(root / "runs" / f"{name}.json", [run_facts(name, 42)])
        lines = [f"{epoch},{0.3 / epoch},{0.35 / epoch},{epoch}" for epoch in (1, 2, 3)]
        (root / "curves").mkdir(exist_ok=True)
        text = "\n".join(["epoch,train_loss,valid_loss,valid_nsdr", *lines, ""])
        (root / "curves" / f"{name}.csv").write_text(text)
    save_pictures(root / "oracles" / NAME, truth[TRACKS[0]], RATE)
    fitted = Fitted(512, fit([powers(stems(100), 512), powers(stems(101), 512)]))
    for name in ("mixture", "mixture-quarter", "static-wiener", "irm-power"):
        made = {t: estimate(name, sum(s.values()), s, fitted) for t, s in truth.items()}
        save_scored(root / "oracles", name, "oracle", made)
    return root
